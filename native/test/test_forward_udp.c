/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams through published UDP ports, into a real namespace. */
#define _GNU_SOURCE
#include "publish.h"

#define SERVICE_PORT 53

static int server = -1;
static uint16_t port;
static int descriptors;

static void begin(void)
{
	static bool ready;

	if (!ready)
		CHECK_INT(loop_init(), 0);
	ready = true;
	close(netns_socket(session.netns = namespace_make(), AF_INET, SOCK_DGRAM, 0));
	descriptors = open_descriptors();
	server = namespace_bind(session.netns, SOCK_DGRAM, "0.0.0.0", SERVICE_PORT, false, NULL);
	port = publish(IPPROTO_UDP, "::1", SERVICE_PORT);
}

static void end(void)
{
	forward_close(CONTAINER);
	close(server);
	CHECK_INT(open_descriptors(), descriptors);
	close(session.netns);
	session.netns = -1;
	session_clear();
}

/* One datagram at the service, as text; @peer is where it came from. */
static void expect_datagram(const char *expected, union address *peer)
{
	socklen_t len = sizeof(*peer);
	char text[256];
	ssize_t n;

	EVENTUALLY(readable(server));
	n = recvfrom(server, text, sizeof(text) - 1, 0, &peer->any, &len);
	CHECK(n >= 0);
	text[n] = 0;
	CHECK_TEXT(text, expected);
}

static void reply(const union address *peer, const char *text)
{
	CHECK_INT(sendto(server, text, strlen(text), 0, &peer->any, address_len(peer)), strlen(text));
}

TEST(each_client_gets_its_own_answers)
{
	union address peers[3], peer;
	int fds[3];

	begin();
	for (int i = 0; i < 3; i++) {
		fds[i] = client(SOCK_DGRAM, i == 2 ? "::1" : "127.0.0.1", port);
		send_text(fds[i], "who am i");
		expect_datagram("who am i", &peers[i]);
	}
	reply(&peers[2], "c");
	reply(&peers[0], "a");
	reply(&peers[1], "b");
	expect_text(fds[0], "a");
	expect_text(fds[1], "b");
	expect_text(fds[2], "c");
	/* The flow stays: same peer for the next datagram. */
	send_text(fds[1], "again");
	expect_datagram("again", &peer);
	CHECK(address_equal(&peer, &peers[1]));
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	end();
}

TEST(datagrams_keep_their_bounds)
{
	static char big[60000];
	union address peer;
	socklen_t len = sizeof(peer);
	int fd;

	begin();
	fd = client(SOCK_DGRAM, "127.0.0.1", port);
	send_text(fd, "one");
	CHECK_INT(send(fd, "", 0, 0), 0);
	send_text(fd, "two");
	CHECK_INT(send(fd, big, sizeof(big), 0), sizeof(big));
	expect_datagram("one", &peer);
	expect_datagram("", &peer);
	expect_datagram("two", &peer);
	EVENTUALLY(readable(server));
	CHECK_INT(recvfrom(server, big, sizeof(big), MSG_TRUNC, &peer.any, &len), sizeof(big));
	close(fd);
	end();
}

TEST(an_answer_leaves_from_the_address_that_was_asked)
{
	union address a = address_parse("0.0.0.0", 0), peer, from;
	struct slice any = address_bytes(&a);
	socklen_t len = sizeof(from);
	struct writer w = { 0 };
	struct err e = ERR_INIT;
	uint64_t got;
	char text[8];
	int fd;

	begin();
	session_clear();
	put_text(&w, TAG_ID, CONTAINER);
	put_u64(&w, TAG_PROTO, IPPROTO_UDP);
	put_bytes(&w, TAG_HOST_IP, any.data, any.len);
	put_address(&w, TAG_ADDRESS, CONTAINER_ADDRESS);
	put_u64(&w, TAG_PORT, SERVICE_PORT);
	CHECK_INT(forward_handle_publish(2, slice_of(&w), &e), 0);
	writer_free(&w);
	CHECK(find_u64(slice_of(&session.reply), TAG_HOST_PORT, &got));
	/* The kernel would answer 127.0.0.1 from there. */
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	a = address_parse("127.0.0.9", (uint16_t)got);
	CHECK_INT(sendto(fd, "q", 1, 0, &a.any, address_len(&a)), 1);
	expect_datagram("q", &peer);
	reply(&peer, "r");
	EVENTUALLY(readable(fd));
	CHECK_INT(recvfrom(fd, text, sizeof(text), 0, &from.any, &len), 1);
	CHECK(address_equal(&from, &a));
	close(fd);
	end();
}

TEST(flows_are_bounded_and_the_oldest_goes_first)
{
	union address peer, first;
	int fd, kept;

	begin();
	kept = client(SOCK_DGRAM, "127.0.0.1", port);
	send_text(kept, "first");
	expect_datagram("first", &first);
	for (int i = 0; i < 1100; i++) {
		fd = client(SOCK_DGRAM, "127.0.0.1", port);
		send_text(fd, "x");
		expect_datagram("x", &peer);
		close(fd);
	}
	/* The service's socket, the port's two, the client's, and a full table. */
	CHECK_INT(open_descriptors(), descriptors + 4 + 1024);
	send_text(kept, "second");
	expect_datagram("second", &peer);
	CHECK(!address_equal(&peer, &first));
	close(kept);
	end();
}

TEST(a_container_that_was_started_anew_is_found)
{
	int fd, old;
	union address peer;

	begin();
	fd = client(SOCK_DGRAM, "127.0.0.1", port);
	send_text(fd, "one");
	expect_datagram("one", &peer);
	/* The old processes are gone, the old namespace is still held by the flow. */
	old = session.netns;
	close(server);
	session.netns = namespace_make();
	close(old);
	server = namespace_bind(session.netns, SOCK_DGRAM, "0.0.0.0", SERVICE_PORT, false, NULL);
	/* The first datagram meets the old namespace, whose refusal ends the flow. */
	send_text(fd, "lost");
	turn_loop(5000);
	send_text(fd, "two");
	expect_datagram("two", &peer);
	close(fd);
	end();
}

TEST(a_container_that_does_not_run_swallows_datagrams)
{
	int fd, netns;
	union address peer;

	begin();
	netns = session.netns;
	session.netns = -1;
	fd = client(SOCK_DGRAM, "127.0.0.1", port);
	send_text(fd, "lost");
	turn_loop(5000);
	session.netns = netns;
	send_text(fd, "arrives");
	expect_datagram("arrives", &peer);
	close(fd);
	end();
}
