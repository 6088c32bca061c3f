/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets of a real namespace, seen through the requests. */
#define _GNU_SOURCE
#include "listening.h"
#include "namespace.h"
#include "protocol.h"
#include "session_stub.h"
#include "socket_scan.h"
#include "turn.h"

static void begin(void)
{
	static bool ready;

	if (!ready)
		CHECK_INT(loop_init(), 0);
	ready = true;
	session_clear();
	session.netns = namespace_make();
}

static void end(void)
{
	CHECK(!session.waiting);
	session_clear();
	close(session.netns);
	session.netns = -1;
}

static int count_sockets(struct slice fields)
{
	struct reader r = reader_of(fields);
	struct field f;
	int n = 0;

	while (read_field(&r, &f))
		n += f.tag == TAG_SOCKET;
	return n;
}

static bool shows(struct slice fields, uint8_t protocol, const char *address, uint16_t port)
{
	union address expected = address_parse(address, port), a;
	struct reader r = reader_of(fields);
	uint64_t number, proto;
	struct slice bytes;
	struct field f;

	while (read_field(&r, &f)) {
		if (f.tag != TAG_SOCKET)
			continue;
		CHECK(find_u64(f.value, TAG_PROTO, &proto) && find_u64(f.value, TAG_PORT, &number) && find_slice(f.value, TAG_ADDRESS, &bytes));
		CHECK(address_of(bytes, (uint16_t)number, &a));
		if (proto == protocol && address_equal(&a, &expected))
			return true;
	}
	return false;
}

static void put_wanted(struct writer *w, uint8_t protocol, uint16_t port)
{
	size_t mark = put_begin(w, TAG_WANTED);

	put_u64(w, TAG_PROTO, protocol);
	put_u64(w, TAG_PORT, port);
	put_end(w, mark);
}

static int ask_wait(uint32_t id, const char *container, uint8_t protocol, uint16_t port, uint64_t flags, struct err *e)
{
	union address own = address_parse(CONTAINER_ADDRESS, 0);
	struct slice bytes = address_bytes(&own);
	struct writer w = { 0 };
	int result;

	put_text(&w, TAG_ID, container);
	put_wanted(&w, protocol, port);
	put_bytes(&w, TAG_ADDRESS, bytes.data, bytes.len);
	put_u64(&w, TAG_FLAGS, flags);
	result = listening_handle_wait(id, slice_of(&w), e);
	writer_free(&w);
	return result;
}

static void wait_for(uint32_t id, uint8_t protocol, uint16_t port, uint64_t flags)
{
	struct err e = ERR_INIT;

	if (ask_wait(id, CONTAINER, protocol, port, flags, &e) < 0)
		TEST_FAIL("wait: %s: %s", e.text, strerror(e.no));
}

TEST(a_list_shows_what_listens_and_nothing_of_the_host)
{
	struct writer w = { 0 };
	struct err e = ERR_INIT;
	uint16_t tcp, tcp6, udp;
	int a, b, c, host;

	begin();
	host = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK_INT(listen(host, 1), 0);
	a = namespace_bind(session.netns, SOCK_STREAM, "127.0.0.1", 0, false, &tcp);
	b = namespace_bind(session.netns, SOCK_STREAM, "::", 0, false, &tcp6);
	c = namespace_bind(session.netns, SOCK_DGRAM, CONTAINER_ADDRESS, 0, false, &udp);
	put_text(&w, TAG_ID, CONTAINER);
	CHECK_INT(listening_handle_list(1, slice_of(&w), &e), 0);
	CHECK_INT(session.ok_id, 1);
	CHECK_INT(count_sockets(slice_of(&session.reply)), 3);
	CHECK(shows(slice_of(&session.reply), IPPROTO_TCP, "127.0.0.1", tcp));
	CHECK(shows(slice_of(&session.reply), IPPROTO_TCP, "::", tcp6));
	CHECK(shows(slice_of(&session.reply), IPPROTO_UDP, CONTAINER_ADDRESS, udp));
	writer_free(&w);
	close(a);
	close(b);
	close(c);
	close(host);
	end();
}

TEST(a_wait_ends_when_the_port_listens)
{
	uint64_t opened;
	int fd;

	begin();
	wait_for(2, IPPROTO_TCP, 5432, 0);
	turn_loop(20000);
	CHECK_INT(session.ok_id, 0);
	opened = now_us();
	fd = namespace_bind(session.netns, SOCK_STREAM, "0.0.0.0", 5432, false, NULL);
	EVENTUALLY(session.ok_id == 2);
	CHECK(now_us() - opened < 20000);
	CHECK(shows(slice_of(&session.reply), IPPROTO_TCP, "0.0.0.0", 5432));
	close(fd);
	end();
}

TEST(a_wait_for_a_port_that_listens_already_ends_at_once)
{
	int fd;

	begin();
	fd = namespace_bind(session.netns, SOCK_DGRAM, CONTAINER_ADDRESS, 53, false, NULL);
	wait_for(3, IPPROTO_UDP, 53, 0);
	CHECK_INT(session.ok_id, 3);
	close(fd);
	end();
}

TEST(loopback_and_ipv6_only_listeners_do_not_end_a_wait)
{
	int loopback, v6only, both;

	begin();
	loopback = namespace_bind(session.netns, SOCK_STREAM, "127.0.0.1", 80, false, NULL);
	v6only = namespace_bind(session.netns, SOCK_STREAM, "::", 80, true, NULL);
	wait_for(4, IPPROTO_TCP, 80, 0);
	turn_loop(20000);
	CHECK_INT(session.ok_id, 0);
	close(loopback);
	close(v6only);
	both = namespace_bind(session.netns, SOCK_STREAM, "::", 80, false, NULL);
	EVENTUALLY(session.ok_id == 4);
	close(both);
	end();
}

TEST(changes_are_reported_while_waiting)
{
	uint64_t request;
	int other, fd;

	begin();
	wait_for(5, IPPROTO_TCP, 80, 1);
	EVENTUALLY(session.events == 1);
	CHECK_INT(session.event_kind, MSG_EV_LISTENING);
	CHECK_INT(count_sockets(slice_of(&session.event)), 0);
	other = namespace_bind(session.netns, SOCK_STREAM, "127.0.0.1", 8080, false, NULL);
	EVENTUALLY(session.events == 2);
	CHECK(find_u64(slice_of(&session.event), TAG_REQUEST, &request));
	CHECK_INT(request, 5);
	CHECK(shows(slice_of(&session.event), IPPROTO_TCP, "127.0.0.1", 8080));
	turn_loop(20000);
	CHECK_INT(session.events, 2);
	fd = namespace_bind(session.netns, SOCK_STREAM, "0.0.0.0", 80, false, NULL);
	EVENTUALLY(session.ok_id == 5);
	close(other);
	close(fd);
	end();
}

TEST(a_container_that_exits_ends_its_waits)
{
	int before;

	begin();
	before = open_descriptors();
	wait_for(6, IPPROTO_TCP, 80, 0);
	listening_container_gone("another");
	CHECK_INT(session.error_id, 0);
	listening_container_gone(CONTAINER);
	CHECK_INT(session.error_id, 6);
	CHECK_INT(session.error.no, ESRCH);
	CHECK_TEXT(session.error.text, "container is not running");
	CHECK_INT(open_descriptors(), before);
	end();
}

TEST(a_canceled_wait_leaves_nothing)
{
	struct waiting *waiting;
	int before;

	begin();
	before = open_descriptors();
	wait_for(7, IPPROTO_TCP, 80, 0);
	waiting = session.waiting;
	waiting_remove(waiting);
	waiting->cancel(waiting);
	CHECK_INT(open_descriptors(), before);
	turn_loop(5000);
	CHECK_INT(session.ok_id + session.error_id, 0);
	end();
}

TEST(requests_that_make_no_sense_are_refused)
{
	struct err e = ERR_INIT;
	struct writer w = { 0 };

	begin();
	CHECK_INT(ask_wait(8, "stranger", IPPROTO_TCP, 80, 0, &e), -1);
	CHECK_INT(e.no, ESRCH);
	CHECK_TEXT(e.text, "container is not running");
	CHECK_INT(ask_wait(8, CONTAINER, IPPROTO_ICMP, 80, 0, &e), -1);
	CHECK_TEXT(e.text, "malformed port to wait for");
	CHECK_INT(ask_wait(8, CONTAINER, IPPROTO_TCP, 0, 0, &e), -1);
	CHECK_TEXT(e.text, "malformed port to wait for");
	put_text(&w, TAG_ID, CONTAINER);
	CHECK_INT(listening_handle_wait(8, slice_of(&w), &e), -1);
	CHECK_TEXT(e.text, "no ports to wait for");
	put_raw(&w, "junk", 4);
	CHECK_INT(listening_handle_wait(8, slice_of(&w), &e), -1);
	CHECK_INT(e.no, EINVAL);
	writer_free(&w);
	end();
}

TEST(proc_net_tells_the_same_as_sock_diag)
{
	struct socket_list by_diag = { 0 }, by_file = { 0 };
	struct socket_scan scan;
	int fds[6];

	begin();
	fds[0] = namespace_bind(session.netns, SOCK_STREAM, "127.0.0.1", 1, false, NULL);
	fds[1] = namespace_bind(session.netns, SOCK_STREAM, "0.0.0.0", 2, false, NULL);
	fds[2] = namespace_bind(session.netns, SOCK_STREAM, "::", 3, false, NULL);
	fds[3] = namespace_bind(session.netns, SOCK_DGRAM, CONTAINER_ADDRESS, 4, false, NULL);
	fds[4] = namespace_bind(session.netns, SOCK_DGRAM, "::1", 5, false, NULL);
	fds[5] = -1;
	CHECK_INT(scan_open(&scan, session.netns), 0);
	CHECK(scan.diag >= 0);
	CHECK_INT(scan_sockets(&scan, SCAN_TCP | SCAN_UDP, &by_diag), 0);
	scan_close(&scan);
	/* As where netlink is refused. */
	CHECK_INT(scan_open(&scan, session.netns), 0);
	close(scan.diag);
	scan.diag = -1;
	for (int i = 0; i < 2; i++) {
		socket_list_free(&by_file);
		CHECK_INT(scan_sockets(&scan, SCAN_TCP | SCAN_UDP, &by_file), 0);
		CHECK_INT(by_file.n, 5);
		CHECK(socket_list_equal(&by_diag, &by_file));
	}
	scan_close(&scan);
	socket_list_free(&by_diag);
	socket_list_free(&by_file);
	for (int i = 0; fds[i] >= 0; i++)
		close(fds[i]);
	end();
}
