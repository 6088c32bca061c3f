/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses in bytes and text, and which listening socket serves which address. */
#define _GNU_SOURCE
#include "namespace.h"
#include "proc_net.h"
#include "socket_scan.h"

TEST(an_address_has_four_or_sixteen_bytes)
{
	static const uint8_t bytes[17] = { 0 };
	union address a;

	for (size_t len = 0; len <= sizeof(bytes); len++)
		CHECK_INT(address_of((struct slice){ bytes, len }, 80, &a), len == 4 || len == 16);
}

TEST(text_shows_address_and_port)
{
	union address v4 = address_parse("127.0.0.1", 8080), v6 = address_parse("2001:db8::1", 443);
	union address longest = address_parse("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", 65535);
	char text[ADDRESS_TEXT];

	CHECK_TEXT(address_text(&v4, text), "127.0.0.1:8080");
	CHECK_TEXT(address_text(&v6, text), "[2001:db8::1]:443");
	CHECK_TEXT(address_text(&longest, text), "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static bool reaches(const char *listener, bool v6only, const char *address)
{
	struct socket_entry entry = { .protocol = IPPROTO_TCP, .v6only = v6only, .address = address_parse(listener, 80) };
	union address a = address_parse(address, 0);

	return socket_reaches(&entry, &a);
}

TEST(a_listener_on_loopback_serves_loopback_only)
{
	CHECK(!reaches("127.0.0.1", false, CONTAINER_ADDRESS));
	CHECK(!reaches("::1", false, CONTAINER_ADDRESS));
	CHECK(reaches("127.0.0.1", false, "127.0.0.1"));
}

TEST(a_wildcard_of_ipv6_serves_both_families_unless_it_is_for_one)
{
	CHECK(reaches("0.0.0.0", false, CONTAINER_ADDRESS));
	CHECK(reaches("::", false, CONTAINER_ADDRESS));
	CHECK(!reaches("::", true, CONTAINER_ADDRESS));
	CHECK(reaches("::", true, "fd00::2"));
	CHECK(!reaches("0.0.0.0", false, "fd00::2"));
}

TEST(a_mapped_address_is_an_ipv4_address)
{
	CHECK(reaches("::ffff:" CONTAINER_ADDRESS, false, CONTAINER_ADDRESS));
	CHECK(!reaches("::ffff:127.0.0.1", false, CONTAINER_ADDRESS));
}

TEST(lines_of_proc_net_give_address_and_port)
{
	struct socket_entry entry;
	char text[ADDRESS_TEXT];

	CHECK(proc_net_line("   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000", IPPROTO_TCP, &entry));
	CHECK_TEXT(address_text(&entry.address, text), "127.0.0.1:5432");
	CHECK(proc_net_line(" 122: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0", IPPROTO_TCP, &entry));
	CHECK_TEXT(address_text(&entry.address, text), "[::1]:80");
	CHECK(proc_net_line("  64: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000", IPPROTO_UDP, &entry));
	CHECK_TEXT(address_text(&entry.address, text), "0.0.0.0:53");
}

TEST(other_lines_of_proc_net_are_passed_over)
{
	struct socket_entry entry;

	CHECK(!proc_net_line("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when", IPPROTO_TCP, &entry));
	/* established */
	CHECK(!proc_net_line("   1: 0100007F:1538 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000", IPPROTO_TCP, &entry));
	/* a listener's state means connected for UDP */
	CHECK(!proc_net_line("  64: 00000000:0035 0100007F:0035 01 00000000:00000000 00:00000000 00000000", IPPROTO_UDP, &entry));
	CHECK(!proc_net_line("   0: 01007F:1538 00000000:0000 0A 00000000:00000000", IPPROTO_TCP, &entry));
	CHECK(!proc_net_line("", IPPROTO_TCP, &entry));
}
