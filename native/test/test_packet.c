/* SPDX-License-Identifier: Apache-2.0 */
/* Packets as bytes. What the kernel makes of our answers is seen in test_uplink.c. */
#define _GNU_SOURCE
#include <arpa/inet.h>

#include "packet.h"
#include "test.h"

/* From 172.17.0.2:40000 to 192.0.2.9:80, seq 0x01020304, with an MSS option. The checksum is that of the pseudo header alone. */
static const uint8_t syn4[] = {
	0x45, 0x00, 0x00, 0x2c, 0x00, 0x01, 0x40, 0x00, 0x40, 0x06, 0x00, 0x00, 172, 17, 0, 2, 192, 0, 2, 9,
	0x9c, 0x40, 0x00, 0x50, 0x01, 0x02, 0x03, 0x04, 0x00, 0x00, 0x00, 0x00, 0x60, 0x02, 0xff, 0xff, 0xab, 0xcd, 0x00, 0x00,
	0x02, 0x04, 0x05, 0xb4,
};

/* From [fd00::2]:40000 to [2001:db8::9]:80. */
static const uint8_t syn6[] = {
	0x60, 0x00, 0x00, 0x00, 0x00, 0x14, 0x06, 0x40,
	0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9,
	0x9c, 0x40, 0x00, 0x50, 0x01, 0x02, 0x03, 0x04, 0x00, 0x00, 0x00, 0x00, 0x50, 0x02, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
};

#define SLICE(array) ((struct slice){ array, sizeof(array) })

/* The receiver's check (RFC 9293 section 3.1): with the checksum in its place, the sum is all ones. */
static uint32_t transport_sum(const struct packet *p, uint8_t protocol)
{
	struct slice a = address_bytes(&p->source), b = address_bytes(&p->destination);
	uint8_t all[2 * 16 + PACKET_MAX];
	size_t n = 0, len = p->len - p->ip_len;
	uint32_t sum = (uint32_t)(protocol + len);

	memcpy(all, a.data, a.len);
	memcpy(all + a.len, b.data, b.len);
	memcpy(all + a.len + b.len, p->bytes + p->ip_len, len);
	n = a.len + b.len + len;
	CHECK_INT(n % 2, 0);
	for (size_t i = 0; i < n; i += 2)
		sum += (uint32_t)(all[i] << 8 | all[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void check_address(const union address *a, const char *expected)
{
	char text[ADDRESS_TEXT];

	CHECK_TEXT(address_text(a, text), expected);
}

TEST(a_syn_is_read_and_gets_its_checksum)
{
	struct packet syn;

	CHECK(packet_read_syn(SLICE(syn4), &syn));
	check_address(&syn.source, "172.17.0.2:40000");
	check_address(&syn.destination, "192.0.2.9:80");
	CHECK_INT(syn.ip_len, 20);
	CHECK_INT(packet_sequence(&syn), 0x01020304);
	CHECK_INT(transport_sum(&syn, IPPROTO_TCP), 0xffff);
	CHECK(packet_read_syn(SLICE(syn6), &syn));
	check_address(&syn.source, "[fd00::2]:40000");
	check_address(&syn.destination, "[2001:db8::9]:80");
	CHECK_INT(transport_sum(&syn, IPPROTO_TCP), 0xffff);
}

TEST(a_reset_is_read)
{
	static const uint8_t rst = 0x04, rst_ack = 0x14;
	uint8_t copy[sizeof(syn4)];
	struct packet reset;

	memcpy(copy, syn4, sizeof(copy));
	CHECK(!packet_read_reset(SLICE(copy), &reset));
	copy[33] = rst_ack;
	CHECK(!packet_read_reset(SLICE(copy), &reset));
	copy[33] = rst;
	CHECK(packet_read_reset(SLICE(copy), &reset));
	check_address(&reset.source, "172.17.0.2:40000");
	check_address(&reset.destination, "192.0.2.9:80");
	CHECK_INT(transport_sum(&reset, IPPROTO_TCP), 0xffff);
}

TEST(nothing_else_is_taken_for_a_syn)
{
	static const uint8_t flags[] = { 0x00, 0x01, 0x03, 0x04, 0x06, 0x10, 0x12 };
	uint8_t copy[sizeof(syn4)], big[PACKET_MAX + 1] = { 0x45 };
	struct packet syn;

	for (size_t len = 0; len < sizeof(syn4); len++)
		CHECK(!packet_read_syn((struct slice){ syn4, len }, &syn));
	for (size_t len = 0; len < sizeof(syn6); len++)
		CHECK(!packet_read_syn((struct slice){ syn6, len }, &syn));
	for (size_t i = 0; i < sizeof(flags); i++) {
		memcpy(copy, syn4, sizeof(copy));
		copy[33] = flags[i];
		CHECK(!packet_read_syn(SLICE(copy), &syn));
	}
	memcpy(copy, syn4, sizeof(copy));
	copy[9] = IPPROTO_UDP;
	CHECK(!packet_read_syn(SLICE(copy), &syn));
	/* A header that claims to be shorter than one can be, or longer than the packet. */
	for (int ihl = 0; ihl < 16; ihl++) {
		memcpy(copy, syn4, sizeof(copy));
		copy[0] = (uint8_t)(0x40 | ihl);
		CHECK_INT(packet_read_syn(SLICE(copy), &syn), ihl == 5);
	}
	CHECK(!packet_read_syn(SLICE(big), &syn));
}

TEST(a_reset_answers_the_syn)
{
	static const uint8_t *const syns[] = { syn4, syn6 };
	static const size_t lens[] = { sizeof(syn4), sizeof(syn6) };

	for (int i = 0; i < 2; i++) {
		struct packet syn, reset;
		const uint8_t *tcp;

		CHECK(packet_read_syn((struct slice){ syns[i], lens[i] }, &syn));
		packet_reset(&syn, &reset);
		CHECK(address_equal(&reset.source, &syn.destination) && address_equal(&reset.destination, &syn.source));
		CHECK_INT(transport_sum(&reset, IPPROTO_TCP), 0xffff);
		tcp = reset.bytes + reset.ip_len;
		CHECK_INT(reset.len - reset.ip_len, 20);
		CHECK(tcp[0] == 0x00 && tcp[1] == 0x50 && tcp[2] == 0x9c && tcp[3] == 0x40);
		/* Acknowledges the SYN, else it would be ignored. */
		CHECK(tcp[8] == 1 && tcp[9] == 2 && tcp[10] == 3 && tcp[11] == 5);
		CHECK_INT(tcp[13], 0x14);
	}
}

TEST(an_error_message_quotes_what_it_is_about)
{
	struct packet syn, message;

	CHECK(packet_read_syn(SLICE(syn4), &syn));
	packet_unreachable(&syn, UNREACHABLE_HOST, &message);
	CHECK_INT(message.bytes[9], IPPROTO_ICMP);
	CHECK_INT(message.bytes[20], 3);
	CHECK_INT(message.bytes[21], 1);
	CHECK_INT(message.len, 20 + 8 + 20 + 8);
	CHECK(memcmp(message.bytes + 28, syn.bytes, 28) == 0);
	CHECK(packet_read_syn(SLICE(syn6), &syn));
	packet_unreachable(&syn, UNREACHABLE_NETWORK, &message);
	CHECK_INT(message.bytes[6], IPPROTO_ICMPV6);
	CHECK_INT(message.bytes[40], 1);
	CHECK_INT(message.bytes[41], 0);
	CHECK_INT(message.len, 40 + 8 + 40 + 8);
	CHECK(memcmp(message.bytes + 48, syn.bytes, 48) == 0);
	CHECK_INT(transport_sum(&message, IPPROTO_ICMPV6), 0xffff);
}
