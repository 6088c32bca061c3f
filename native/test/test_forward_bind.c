/* SPDX-License-Identifier: Apache-2.0 */
/* Which host port a publication gets, and on which addresses. */
#define _GNU_SOURCE
#include "publish.h"

static void begin(void)
{
	static bool ready;

	if (!ready)
		CHECK_INT(loop_init(), 0);
	ready = true;
}

static int bind_host(int type, const char *address, uint16_t port)
{
	union address a = address_parse(address, port);
	int fd = socket(a.any.sa_family, type | SOCK_CLOEXEC, 0);

	if (bind(fd, &a.any, address_len(&a)) == 0 && (type == SOCK_DGRAM || listen(fd, 1) == 0))
		return fd;
	close(fd);
	return -1;
}

TEST(both_loopback_addresses_get_the_same_port)
{
	uint16_t port;

	begin();
	port = publish(IPPROTO_TCP, "::1", 80);
	close(client(SOCK_STREAM, "127.0.0.1", port));
	close(client(SOCK_STREAM, "::1", port));
	forward_close(CONTAINER);
}

TEST(a_taken_port_is_an_error_that_names_the_address)
{
	int before, fd;
	struct err e = ERR_INIT;
	union address a;
	socklen_t len = sizeof(a);
	char expected[128], text[ADDRESS_TEXT];

	begin();
	fd = bind_host(SOCK_STREAM, "127.0.0.1", 0);
	CHECK_INT(getsockname(fd, &a.any, &len), 0);
	before = open_descriptors();
	CHECK_INT(ask_publish(IPPROTO_TCP, "::1", address_port(&a), 80, &e), -1);
	CHECK_INT(e.no, EADDRINUSE);
	snprintf(expected, sizeof(expected), "bind %s/tcp", address_text(&a, text));
	CHECK_TEXT(e.text, expected);
	CHECK_INT(open_descriptors(), before);
	close(fd);
}

TEST(a_port_that_is_free_on_one_address_only_is_not_chosen)
{
	uint16_t got[64], port;
	size_t n = 0;

	/* The kernel's choices for 127.0.0.1 are taken on 127.0.0.2 by others, time and again. */
	begin();
	for (; n < ARRAY_SIZE(got); n++) {
		struct err e = ERR_INIT;
		int taken;

		port = publish(IPPROTO_TCP, "127.0.0.2", 80);
		forward_close(CONTAINER);
		taken = bind_host(SOCK_STREAM, "127.0.0.2", port);
		CHECK(taken >= 0);
		CHECK_INT(ask_publish(IPPROTO_TCP, "127.0.0.2", port, 80, &e), -1);
		CHECK_INT(e.no, EADDRINUSE);
		got[n] = publish(IPPROTO_TCP, "127.0.0.2", 80);
		CHECK(got[n] != port);
		close(taken);
		forward_close(CONTAINER);
	}
}

TEST(a_wanted_port_can_be_published_again_at_once)
{
	struct err e = ERR_INIT;
	uint16_t port;
	int fd;

	begin();
	port = publish(IPPROTO_TCP, "::1", 80);
	fd = client(SOCK_STREAM, "127.0.0.1", port);
	expect_reset(fd);
	close(fd);
	forward_close(CONTAINER);
	CHECK_INT(ask_publish(IPPROTO_TCP, "::1", port, 80, &e), 0);
	forward_close(CONTAINER);
}

TEST(a_udp_port_is_not_shared)
{
	struct err e = ERR_INIT;
	uint16_t port;

	begin();
	port = publish(IPPROTO_UDP, "::1", 53);
	CHECK_INT(bind_host(SOCK_DGRAM, "127.0.0.1", port), -1);
	CHECK_INT(ask_publish(IPPROTO_UDP, NULL, port, 53, &e), -1);
	CHECK_INT(e.no, EADDRINUSE);
	forward_close(CONTAINER);
}

TEST(a_host_without_ipv6_publishes_on_ipv4)
{
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), off;
	uint16_t port;

	begin();
	CHECK_INT(unshare(CLONE_NEWNET), 0);
	configure("lo", NULL);
	off = open("/proc/sys/net/ipv6/conf/lo/disable_ipv6", O_WRONLY | O_CLOEXEC);
	if (off >= 0)
		CHECK_INT(write(off, "1", 1), 1);
	port = publish(IPPROTO_TCP, "::1", 80);
	close(client(SOCK_STREAM, "127.0.0.1", port));
	forward_close(CONTAINER);
	if (off >= 0)
		close(off);
	CHECK_INT(setns(own, CLONE_NEWNET), 0);
	close(own);
}

TEST(requests_that_make_no_sense_are_refused)
{
	static const struct {
		uint64_t protocol, port, host_port;
		const char *address, *source, *text;
	} bad[] = {
		{ 1, 80, 0, "172.17.0.2", NULL, "a published port is tcp or udp" },
		{ 6, 0, 0, "172.17.0.2", NULL, "malformed port" },
		{ 6, 65536, 0, "172.17.0.2", NULL, "malformed port" },
		{ 6, 80, 65536, "172.17.0.2", NULL, "malformed host port" },
		{ 6, 80, 0, NULL, NULL, "malformed address of the container" },
		{ 6, 80, 0, "172.17.0.2", "::1", "malformed source address" },
		{ 6, 80, 0, "172.17.0.2", NULL, "no host address to publish on" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = ERR_INIT;
		struct writer w = { 0 };

		put_text(&w, TAG_ID, CONTAINER);
		put_u64(&w, TAG_PROTO, bad[i].protocol);
		put_u64(&w, TAG_PORT, bad[i].port);
		put_u64(&w, TAG_HOST_PORT, bad[i].host_port);
		if (bad[i].address)
			put_address(&w, TAG_ADDRESS, bad[i].address);
		if (bad[i].source)
			put_address(&w, TAG_SOURCE, bad[i].source);
		CHECK_INT(forward_handle_publish(1, slice_of(&w), &e), -1);
		CHECK_INT(e.no, EINVAL);
		CHECK_TEXT(e.text, bad[i].text);
		writer_free(&w);
	}
}
