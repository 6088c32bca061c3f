/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections and datagrams out of a real namespace. There is no nf_tables chain here: what is sent to the port of the
 * uplink's own sockets, at any address, gets there by the route alone.
 */
#define _GNU_SOURCE
#include <linux/rtnetlink.h>
#include <netinet/tcp.h>

#include "netlink.h"
#include "pipe_pool.h"
#include "publish.h"
#include "uplink.h"

#define PORT 6
#define OUTSIDE "203.0.113.5"
#define NOWHERE "203.0.113.6"
#define OUTSIDE6 "2001:db8::5"

static int descriptors;

struct route_request {
	struct nlmsghdr header;
	struct rtmsg route;
	struct rtattr oif;
	int index;
};

static int add_route(void *context)
{
	int family = *(int *)context;
	struct err e = ERR_INIT;
	struct route_request r = {
		.header = {
			.nlmsg_len = sizeof(r),
			.nlmsg_type = RTM_NEWROUTE,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE,
		},
		.route = {
			.rtm_family = (unsigned char)family,
			.rtm_table = RT_TABLE_MAIN,
			.rtm_protocol = RTPROT_BOOT,
			.rtm_scope = family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
			.rtm_type = RTN_LOCAL,
		},
		.oif = { .rta_len = RTA_LENGTH(sizeof(int)), .rta_type = RTA_OIF },
		.index = 1,
	};

	return netlink_send(NETLINK_ROUTE, (struct slice){ (uint8_t *)&r, sizeof(r) }, &e);
}

static void rule(struct writer *w, const char *address, uint64_t prefix, const char *target)
{
	size_t mark = put_begin(w, TAG_RULE);

	put_address(w, TAG_ADDRESS, address);
	put_u64(w, TAG_PREFIX, prefix);
	if (target)
		put_address(w, TAG_HOST_IP, target);
	put_end(w, mark);
}

static void begin(void)
{
	struct writer w = { 0 };
	struct err e = ERR_INIT;
	static bool ready;
	int v4 = AF_INET, v6 = AF_INET6;

	if (!ready)
		CHECK_INT(loop_init(), 0);
	ready = true;
	/* Whatever that opens once and for all is not counted. */
	close(netns_socket(session.netns = namespace_make(), AF_INET, SOCK_DGRAM, 0));
	CHECK_INT(netns_run(session.netns, add_route, &v4), 0);
	CHECK_INT(netns_run(session.netns, add_route, &v6), 0);
	descriptors = open_descriptors();
	put_u64(&w, TAG_PORT, PORT);
	put_u64(&w, TAG_MARK, 1);
	rule(&w, OUTSIDE, 32, "127.0.0.1");
	rule(&w, OUTSIDE6, 128, "::1");
	/* Nobody listens at the first. */
	rule(&w, "203.0.113.7", 32, "127.0.0.2");
	if (uplink_start(CONTAINER, session.netns, slice_of(&w), &e) < 0)
		TEST_FAIL("uplink: %s: %s", e.text, strerror(e.no));
	writer_free(&w);
}

static void end(void)
{
	uplink_stop(CONTAINER);
	pipe_pool_drain();
	EVENTUALLY(open_descriptors() == descriptors);
	close(session.netns);
	session.netns = -1;
	session_clear();
}

static int host_server(int type, const char *address)
{
	union address a = address_parse(address, PORT);
	int fd = socket(a.any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	if (bind(fd, &a.any, address_len(&a)) < 0 || (type == SOCK_STREAM && listen(fd, 16) < 0))
		TEST_FAIL("bind %s: %s", address, strerror(errno));
	return fd;
}

static int inside_client(int type, const char *address)
{
	union address a = address_parse(address, PORT);
	int fd = netns_socket(session.netns, a.any.sa_family, type, 0);

	if (connect(fd, &a.any, address_len(&a)) < 0)
		TEST_FAIL("connect %s: %s", address, strerror(errno));
	CHECK_INT(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static int accepted(int server)
{
	int fd = -1;

	EVENTUALLY((fd = accept4(server, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0);
	return fd;
}

TEST(connections_are_carried_on_and_half_closed)
{
	static const char *const pairs[][2] = { { OUTSIDE, "127.0.0.1" }, { OUTSIDE6, "::1" } };

	for (int i = 0; i < 2; i++) {
		int server, client_fd, fd;

		begin();
		server = host_server(SOCK_STREAM, pairs[i][1]);
		client_fd = inside_client(SOCK_STREAM, pairs[i][0]);
		fd = accepted(server);
		send_text(client_fd, "request");
		expect_text(fd, "request");
		CHECK_INT(shutdown(client_fd, SHUT_WR), 0);
		expect_end(fd);
		send_text(fd, "answer");
		close(fd);
		expect_text(client_fd, "answer");
		expect_end(client_fd);
		close(client_fd);
		close(server);
		end();
	}
}

TEST(what_no_rule_allows_is_reset)
{
	int fd;

	begin();
	fd = inside_client(SOCK_STREAM, NOWHERE);
	expect_reset(fd);
	close(fd);
	end();
}

TEST(what_no_rule_allows_is_told_once)
{
	struct slice bytes;
	uint64_t port = 0;

	begin();
	session.events = 0;
	for (int i = 0; i < 3; i++) {
		int fd = inside_client(SOCK_STREAM, NOWHERE);

		expect_reset(fd);
		close(fd);
	}
	CHECK_INT(session.events, 1);
	CHECK_INT(session.event_kind, MSG_EV_HOST_REFUSED);
	CHECK(find_slice(slice_of(&session.event), TAG_ADDRESS, &bytes) && bytes.len == 4);
	CHECK(find_u64(slice_of(&session.event), TAG_PORT, &port));
	CHECK_INT(port, PORT);
	end();
}

TEST(what_nobody_listens_to_is_reset)
{
	int fd;

	begin();
	fd = inside_client(SOCK_STREAM, OUTSIDE);
	expect_reset(fd);
	close(fd);
	end();
}

TEST(what_was_sent_last_still_arrives)
{
	static char big[1 << 20];
	size_t got = 0;
	int server, client_fd, fd;

	begin();
	server = host_server(SOCK_STREAM, "127.0.0.1");
	client_fd = inside_client(SOCK_STREAM, OUTSIDE);
	fd = accepted(server);
	for (ssize_t n, sent = 0; sent < (ssize_t)sizeof(big); sent += n) {
		EVENTUALLY((n = send(client_fd, big, sizeof(big) - (size_t)sent, MSG_NOSIGNAL)) > 0);
		if (sent + n < (ssize_t)sizeof(big) && got < sizeof(big) / 2) {
			ssize_t r = recv(fd, big, sizeof(big), 0);

			got += r > 0 ? (size_t)r : 0;
		}
	}
	close(client_fd);
	uplink_stop(CONTAINER);
	while (got < sizeof(big)) {
		ssize_t r;

		EVENTUALLY((r = recv(fd, big, sizeof(big), 0)) > 0);
		got += (size_t)r;
	}
	expect_end(fd);
	close(fd);
	close(server);
	end();
}

TEST(datagrams_go_both_ways)
{
	static const char *const pairs[][2] = { { OUTSIDE, "127.0.0.1" }, { OUTSIDE6, "::1" } };

	for (int i = 0; i < 2; i++) {
		union address peers[3];
		int server, fds[3];
		char text[16];

		begin();
		server = host_server(SOCK_DGRAM, pairs[i][1]);
		for (int k = 0; k < 3; k++) {
			socklen_t len = sizeof(peers[k]);

			fds[k] = inside_client(SOCK_DGRAM, pairs[i][0]);
			send_text(fds[k], "who");
			EVENTUALLY(readable(server));
			CHECK_INT(recvfrom(server, text, sizeof(text), 0, &peers[k].any, &len), 3);
		}
		for (int k = 2; k >= 0; k--) {
			snprintf(text, sizeof(text), "you %d", k);
			CHECK_INT(sendto(server, text, 5, 0, &peers[k].any, address_len(&peers[k])), 5);
		}
		for (int k = 0; k < 3; k++) {
			snprintf(text, sizeof(text), "you %d", k);
			expect_text(fds[k], text);
			/* By the flow that is there now. */
			send_text(fds[k], "more");
			EVENTUALLY(readable(server));
			CHECK_INT(recv(server, text, sizeof(text), 0), 4);
		}
		for (int k = 0; k < 3; k++)
			close(fds[k]);
		close(server);
		end();
	}
}

TEST(a_datagram_that_nobody_takes_is_refused)
{
	/* By a rule; by the host it is for. */
	static const char *const addresses[] = { NOWHERE, OUTSIDE, OUTSIDE6, "2001:db8::6" };

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		int fd;
		char byte;

		begin();
		fd = inside_client(SOCK_DGRAM, addresses[i]);
		send_text(fd, "anybody?");
		EVENTUALLY(readable(fd));
		CHECK_INT(recv(fd, &byte, 1, 0), -1);
		CHECK_INT(errno, ECONNREFUSED);
		close(fd);
		end();
	}
}

TEST(many_flows_leave_no_trace)
{
	int server;

	begin();
	server = host_server(SOCK_DGRAM, "127.0.0.1");
	for (int i = 0; i < 1200; i++) {
		int fd = inside_client(SOCK_DGRAM, OUTSIDE);
		char text[8];

		send_text(fd, "x");
		EVENTUALLY(readable(server));
		CHECK_INT(recv(server, text, sizeof(text), 0), 1);
		close(fd);
	}
	/* A socket for each of a full table, those of the uplink, and the server. */
	CHECK_INT(open_descriptors(), descriptors + 1024 + 2 + 1);
	close(server);
	end();
}

TEST(malformed_settings_leave_nothing)
{
	static const uint64_t ports[] = { 0, 65536 };
	int before;

	session.netns = namespace_make();
	before = open_descriptors();
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		struct writer w = { 0 };
		struct err e = ERR_INIT;

		put_u64(&w, TAG_PORT, ports[i]);
		CHECK_INT(uplink_start(CONTAINER, session.netns, slice_of(&w), &e), -1);
		CHECK_INT(e.no, EINVAL);
		writer_free(&w);
	}
	for (uint16_t tag = TAG_DATA; tag; tag = tag == TAG_DATA ? TAG_CAPTURE : 0) {
		struct writer w = { 0 };
		struct err e = ERR_INIT;

		put_u64(&w, TAG_PORT, PORT);
		put_bytes(&w, tag, "not a netlink message", 21);
		CHECK_INT(uplink_start(CONTAINER, session.netns, slice_of(&w), &e), -1);
		CHECK_INT(e.no, EBADMSG);
		writer_free(&w);
	}
	CHECK_INT(open_descriptors(), before);
	close(session.netns);
	session.netns = -1;
}
