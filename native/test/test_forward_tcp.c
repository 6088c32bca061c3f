/* SPDX-License-Identifier: Apache-2.0 */
/* Connections through published TCP ports, into a real namespace. */
#define _GNU_SOURCE
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/resource.h>

#include "publish.h"

#define SERVICE_PORT 80

static int server = -1;
static uint16_t port;
static int descriptors;

/* The supervisor ignores SIGPIPE, since splice(2) knows no MSG_NOSIGNAL. */
static void begin(void)
{
	static bool ready;

	if (!ready)
		CHECK_INT(loop_init(), 0);
	ready = true;
	signal(SIGPIPE, SIG_IGN);
	/* Once, so that the descriptor of our own namespace is not counted as lost. */
	close(netns_socket(session.netns = namespace_make(), AF_INET, SOCK_STREAM, 0));
	descriptors = open_descriptors();
	server = namespace_bind(session.netns, SOCK_STREAM, "0.0.0.0", SERVICE_PORT, false, NULL);
	port = publish(IPPROTO_TCP, "::1", SERVICE_PORT);
}

static void end(void)
{
	forward_close(CONTAINER);
	if (server >= 0)
		close(server);
	server = -1;
	CHECK_INT(open_descriptors(), descriptors);
	close(session.netns);
	session.netns = -1;
	session_clear();
}

static int accept_service(union address *peer)
{
	socklen_t len = sizeof(*peer);
	int fd;

	EVENTUALLY(readable(server));
	fd = accept4(server, peer ? &peer->any : NULL, peer ? &len : NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

TEST(both_addresses_lead_to_the_service)
{
	static const char *const addresses[] = { "127.0.0.1", "::1" };

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		int fd = client(SOCK_STREAM, addresses[i], port), service = accept_service(NULL);

		send_text(fd, "question");
		expect_text(service, "question");
		send_text(service, "answer");
		expect_text(fd, "answer");
		close(fd);
		expect_end(service);
		close(service);
	}
	end();
}

TEST(the_service_sees_the_source_address)
{
	union address peer, expected = address_parse(GATEWAY_ADDRESS, 0);
	int fd, service;

	begin();
	fd = client(SOCK_STREAM, "127.0.0.1", port);
	service = accept_service(&peer);
	CHECK(memcmp(&peer.v4.sin_addr, &expected.v4.sin_addr, sizeof(peer.v4.sin_addr)) == 0);
	close(fd);
	close(service);
	end();
}

/* Which congestion control the relay's sockets use: those of this process that are connected and not the test's own. */
static int count_relays(int fd, int service, const char *congestion_control)
{
	int count = 0;

	for (int i = 0; i < 1024; i++) {
		union address peer;
		socklen_t len = sizeof(peer), name_len = 16;
		char name[16] = "";

		if (i == fd || i == service || getpeername(i, &peer.any, &len) < 0 || len == 0)
			continue;
		if (getsockopt(i, IPPROTO_TCP, TCP_CONGESTION, name, &name_len) == 0 && strcmp(name, congestion_control) == 0)
			count++;
	}
	return count;
}

TEST(neither_side_is_paced)
{
	static const char *const addresses[] = { "127.0.0.1", "::1" };

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		int fd = client(SOCK_STREAM, addresses[i], port), service = accept_service(NULL);

		send_text(fd, "hello");
		expect_text(service, "hello");
		CHECK_INT(count_relays(fd, service, "reno"), 2);
		close(fd);
		close(service);
		EVENTUALLY(open_descriptors() == descriptors + 3);
	}
	end();
}

TEST(a_server_that_speaks_first_is_heard)
{
	int fd, service;

	begin();
	fd = client(SOCK_STREAM, "127.0.0.1", port);
	service = accept_service(NULL);
	send_text(service, "220 ready");
	expect_text(fd, "220 ready");
	close(service);
	expect_end(fd);
	close(fd);
	end();
}

TEST(each_side_can_end_its_stream_and_go_on_reading)
{
	int fd, service;

	begin();
	fd = client(SOCK_STREAM, "127.0.0.1", port);
	service = accept_service(NULL);
	send_text(fd, "last question");
	CHECK_INT(shutdown(fd, SHUT_WR), 0);
	expect_text(service, "last question");
	expect_end(service);
	send_text(service, "first part");
	expect_text(fd, "first part");
	turn_loop(5000);
	send_text(service, "second part");
	CHECK_INT(shutdown(service, SHUT_WR), 0);
	expect_text(fd, "second part");
	expect_end(fd);
	close(fd);
	close(service);
	end();
}

TEST(a_refused_connection_is_reset)
{
	int fd;

	begin();
	close(server);
	server = -1;
	fd = client(SOCK_STREAM, "127.0.0.1", port);
	expect_reset(fd);
	close(fd);
	end();
}

TEST(a_service_on_loopback_only_is_not_reached)
{
	int fd;

	begin();
	close(server);
	server = namespace_bind(session.netns, SOCK_STREAM, "127.0.0.1", SERVICE_PORT, false, NULL);
	fd = client(SOCK_STREAM, "127.0.0.1", port);
	expect_reset(fd);
	close(fd);
	end();
}

TEST(a_container_that_does_not_run_resets_and_serves_once_it_runs)
{
	int fd, service, netns;

	begin();
	netns = session.netns;
	session.netns = -1;
	fd = client(SOCK_STREAM, "127.0.0.1", port);
	expect_reset(fd);
	close(fd);
	session.netns = netns;
	fd = client(SOCK_STREAM, "127.0.0.1", port);
	service = accept_service(NULL);
	send_text(fd, "hello");
	expect_text(service, "hello");
	close(fd);
	close(service);
	end();
}

TEST(a_reset_by_the_client_reaches_the_service)
{
	struct linger now = { .l_onoff = 1 };
	int fd, service;

	begin();
	fd = client(SOCK_STREAM, "127.0.0.1", port);
	service = accept_service(NULL);
	send_text(fd, "hello");
	expect_text(service, "hello");
	CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	close(fd);
	expect_reset(service);
	close(service);
	end();
}

TEST(an_answer_before_a_reset_is_delivered)
{
	int fd, service;

	begin();
	fd = client(SOCK_STREAM, "127.0.0.1", port);
	service = accept_service(NULL);
	send_text(fd, "a request that nobody reads");
	EVENTUALLY(readable(service));
	/* Closing with unread data resets. */
	send_text(service, "413 too large");
	close(service);
	expect_text(fd, "413 too large");
	close(fd);
	EVENTUALLY(open_descriptors() == descriptors + 3);
	end();
}

/* A stream whose bytes tell their position, sent and checked in uneven pieces. */
struct stream {
	int from, to;
	uint64_t sent, received, total;
	bool ended;
};

static uint8_t byte_at(uint64_t at)
{
	return (uint8_t)(at * 2654435761u >> 13);
}

static void stream_step(struct stream *s)
{
	static uint8_t buffer[200000];
	uint64_t left = s->total - s->sent;
	size_t piece = (size_t)(s->sent * 7919 % sizeof(buffer) + 1);
	ssize_t n;

	if (left) {
		piece = piece < left ? piece : (size_t)left;
		for (size_t i = 0; i < piece; i++)
			buffer[i] = byte_at(s->sent + i);
		n = send(s->from, buffer, piece, MSG_NOSIGNAL);
		CHECK(n > 0 || errno == EAGAIN);
		if (n > 0)
			s->sent += (uint64_t)n;
		if (s->sent == s->total)
			CHECK_INT(shutdown(s->from, SHUT_WR), 0);
	}
	n = recv(s->to, buffer, (size_t)(s->received * 104729 % sizeof(buffer) + 1), 0);
	CHECK(n >= 0 || errno == EAGAIN);
	for (ssize_t i = 0; i < n; i++)
		CHECK_INT(buffer[i], byte_at(s->received + (uint64_t)i));
	if (n > 0)
		s->received += (uint64_t)n;
	s->ended = n == 0;
}

TEST(bulk_data_arrives_whole_in_both_directions_at_once)
{
	struct stream up, down;
	int fd, service;

	begin();
	fd = client(SOCK_STREAM, "127.0.0.1", port);
	service = accept_service(NULL);
	up = (struct stream){ .from = fd, .to = service, .total = 20000003 };
	down = (struct stream){ .from = service, .to = fd, .total = 30000001 };
	EVENTUALLY((stream_step(&up), stream_step(&down), up.ended && down.ended));
	CHECK_INT(up.received, up.total);
	CHECK_INT(down.received, down.total);
	close(fd);
	close(service);
	end();
}

TEST(a_reader_that_stops_stops_the_writer_and_nothing_spins)
{
	static uint8_t block[65536];
	struct rusage before, after;
	uint64_t sent = 0;
	int fd, service;
	ssize_t n;

	begin();
	fd = client(SOCK_STREAM, "127.0.0.1", port);
	service = accept_service(NULL);
	for (int quiet = 0; quiet < 20;) {
		n = send(fd, block, sizeof(block), MSG_NOSIGNAL);
		quiet = n > 0 ? 0 : quiet + 1;
		sent += n > 0 ? (uint64_t)n : 0;
		turn_loop(1000);
	}
	CHECK(sent < 64 << 20);
	getrusage(RUSAGE_SELF, &before);
	turn_loop(200000);
	getrusage(RUSAGE_SELF, &after);
	CHECK((after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000 + after.ru_utime.tv_usec - before.ru_utime.tv_usec < 50000);
	CHECK_INT(shutdown(fd, SHUT_WR), 0);
	for (uint64_t got = 0; got < sent;) {
		EVENTUALLY(readable(service));
		n = recv(service, block, sizeof(block), 0);
		CHECK(n > 0);
		got += (uint64_t)n;
	}
	expect_end(service);
	close(fd);
	close(service);
	end();
}

TEST(urgent_data_does_not_stop_the_stream)
{
	static uint8_t block[300000];
	struct stream rest;
	int fd, service;

	begin();
	fd = client(SOCK_STREAM, "127.0.0.1", port);
	service = accept_service(NULL);
	send_text(fd, "before ");
	CHECK_INT(send(fd, "!", 1, MSG_OOB), 1);
	send_text(fd, " after");
	expect_text(service, "before ! after");
	CHECK_INT(send(fd, "?", 1, MSG_OOB), 1);
	expect_text(service, "?");
	/* In the middle of bulk data too. */
	rest = (struct stream){ .from = fd, .to = service, .total = 5000000 };
	for (int i = 0; i < 5; i++)
		stream_step(&rest);
	memset(block, byte_at(rest.sent), 1);
	if (send(fd, block, 1, MSG_OOB) == 1)
		rest.sent++;
	EVENTUALLY((stream_step(&rest), rest.ended));
	CHECK_INT(rest.received, rest.total);
	close(fd);
	close(service);
	end();
}

TEST(closing_a_container_resets_its_connections)
{
	int fd, service;

	begin();
	fd = client(SOCK_STREAM, "127.0.0.1", port);
	service = accept_service(NULL);
	forward_close("another");
	send_text(fd, "still there");
	expect_text(service, "still there");
	forward_close(CONTAINER);
	expect_reset(fd);
	expect_reset(service);
	close(fd);
	close(service);
	end();
}

TEST(many_connections_come_and_go_without_a_trace)
{
	int fds[100], services[100];

	begin();
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
			fds[i] = client(SOCK_STREAM, i % 2 ? "::1" : "127.0.0.1", port);
		for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
			services[i] = accept_service(NULL);
		for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
			send_text(services[i], "hi");
		for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
			expect_text(fds[i], "hi");
		for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
			close(i % 3 ? fds[i] : services[i]);
			close(i % 3 ? services[i] : fds[i]);
		}
		/* What is left: the service's listener and two of the port. */
		EVENTUALLY(open_descriptors() == descriptors + 3);
	}
	end();
}

TEST(without_descriptors_clients_wait_their_turn)
{
	struct rlimit all, few;
	struct rusage before, after;
	int fds[10], services[10];

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		union address a = address_parse("127.0.0.1", port);

		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		CHECK(connect(fds[i], &a.any, address_len(&a)) == 0 || errno == EINPROGRESS);
	}
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &all), 0);
	few = all;
	few.rlim_cur = (rlim_t)fds[9] + 1;
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &few), 0);
	getrusage(RUSAGE_SELF, &before);
	turn_loop(200000);
	getrusage(RUSAGE_SELF, &after);
	CHECK((after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000 + after.ru_utime.tv_usec - before.ru_utime.tv_usec < 50000);
	CHECK(!readable(server));
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &all), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		services[i] = accept_service(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		close(fds[i]);
		close(services[i]);
	}
	end();
}
