// SPDX-License-Identifier: Apache-2.0
/*
 * Both ends of the port benchmark: a server for inside a container (or beside it, for the loopback ceiling) and a
 * client that prints raw samples. In C because a JavaScript client would add more than the thing it measures.
 *
 *   traffic serve PORT              the first byte of a connection selects: e = echo, s = sink, g = generate
 *   traffic ping HOST PORT COUNT    COUNT round trips of 64 bytes; nanoseconds, one a line
 *   traffic connect HOST PORT COUNT COUNT times connect, one round trip, close; nanoseconds, one a line
 *   traffic together HOST PORT COUNT  COUNT connections at once, a round trip over each while all are open; nanoseconds for all of it
 *   traffic up HOST PORT BYTES      client to server; nanoseconds for all of it
 *   traffic down HOST PORT BYTES    server to client; nanoseconds for all of it
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PING_BYTES 64
#define CHUNK_BYTES (256 * 1024)

static unsigned char chunk[CHUNK_BYTES];

static int fail(const char *what)
{
	fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
	return 1;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* Returns 0 once all of it is written, -1 with errno otherwise. */
static int write_all(int fd, const void *data, size_t len)
{
	const unsigned char *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Returns 0 once len bytes are read, -1 with errno otherwise (EPIPE where the peer left early). */
static int read_all(int fd, void *data, size_t len)
{
	unsigned char *at = data;

	while (len > 0) {
		ssize_t n = read(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EPIPE;
		if (n <= 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static void serve_connection(int fd)
{
	unsigned char mode;
	uint64_t total = 0;
	ssize_t n;

	if (read_all(fd, &mode, 1) != 0)
		return;
	switch (mode) {
	case 'e':
		while ((n = read(fd, chunk, sizeof(chunk))) > 0)
			if (write_all(fd, chunk, (size_t)n) != 0)
				return;
		return;
	case 's':
		while ((n = read(fd, chunk, sizeof(chunk))) > 0)
			total += (uint64_t)n;
		write_all(fd, &total, sizeof(total));
		return;
	case 'g':
		if (read_all(fd, &total, sizeof(total)) != 0)
			return;
		while (total > 0) {
			size_t part = total < sizeof(chunk) ? (size_t)total : sizeof(chunk);

			if (write_all(fd, chunk, part) != 0)
				return;
			total -= part;
		}
		return;
	}
}

static void set_nodelay(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* As the first process of a PID namespace, the default action of a signal is to be ignored. */
static void on_terminate(int signal)
{
	_exit(128 + signal);
}

static int serve(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int one = 1;
	int listener;

	signal(SIGTERM, on_terminate);
	signal(SIGINT, on_terminate);
	signal(SIGCHLD, SIG_IGN);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0)
		return fail("socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0)
		return fail("bind");
	if (listen(listener, SOMAXCONN) != 0)
		return fail("listen");
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		pid_t child;

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			return fail("accept");
		child = fork();
		if (child == 0) {
			close(listener);
			set_nodelay(fd);
			serve_connection(fd);
			_exit(0);
		}
		/* Its client would see a reset, and blame whoever is measured. */
		if (child < 0)
			return fail("fork");
		close(fd);
	}
}

static int connect_to(const char *host, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd;

	if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
		errno = EINVAL;
		return -1;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		return -1;
	}
	set_nodelay(fd);
	return fd;
}

static int round_trip(int fd)
{
	unsigned char message[PING_BYTES] = { 0 };

	return write_all(fd, message, sizeof(message)) != 0 || read_all(fd, message, sizeof(message)) != 0 ? -1 : 0;
}

static int ping(const char *host, uint16_t port, uint64_t count)
{
	int fd = connect_to(host, port);

	if (fd < 0 || write_all(fd, "e", 1) != 0)
		return fail("connect");
	while (count-- > 0) {
		uint64_t start = now_ns();

		if (round_trip(fd) != 0)
			return fail("round trip");
		printf("%llu\n", (unsigned long long)(now_ns() - start));
	}
	close(fd);
	return 0;
}

static int connect_each(const char *host, uint16_t port, uint64_t count)
{
	while (count-- > 0) {
		uint64_t start = now_ns();
		int fd = connect_to(host, port);

		if (fd < 0 || write_all(fd, "e", 1) != 0 || round_trip(fd) != 0)
			return fail("connect and round trip");
		printf("%llu\n", (unsigned long long)(now_ns() - start));
		close(fd);
	}
	return 0;
}

/* Begins to connect. Return: -1 with errno. */
static int begin_connect(const char *host, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || inet_pton(AF_INET, host, &address.sin_addr) != 1)
		return -1;
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 && errno != EINPROGRESS ? -1 : fd;
}

/* Waits for its outcome. */
static int end_connect(int fd)
{
	struct pollfd writable = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(errno);

	if (poll(&writable, 1, -1) < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &errno, &len) != 0 || errno)
		return -1;
	return fcntl(fd, F_SETFL, 0);
}

static int connect_together(const char *host, uint16_t port, uint64_t count)
{
	int *fds = calloc(count, sizeof(*fds));
	uint64_t start = now_ns();

	if (!fds)
		return fail("memory");
	for (uint64_t i = 0; i < count; i++)
		if ((fds[i] = begin_connect(host, port)) < 0)
			return fail("connect");
	for (uint64_t i = 0; i < count; i++)
		if (end_connect(fds[i]) != 0 || write_all(fds[i], "e", 1) != 0)
			return fail("connect");
	for (uint64_t i = 0; i < count; i++)
		if (round_trip(fds[i]) != 0)
			return fail("round trip");
	printf("%llu\n", (unsigned long long)(now_ns() - start));
	for (uint64_t i = 0; i < count; i++)
		close(fds[i]);
	free(fds);
	return 0;
}

static int up(const char *host, uint16_t port, uint64_t bytes)
{
	int fd = connect_to(host, port);
	uint64_t start, total, left;

	if (fd < 0 || write_all(fd, "s", 1) != 0)
		return fail("connect");
	start = now_ns();
	for (left = bytes; left > 0;) {
		size_t part = left < sizeof(chunk) ? (size_t)left : sizeof(chunk);

		if (write_all(fd, chunk, part) != 0)
			return fail("write");
		left -= part;
	}
	shutdown(fd, SHUT_WR);
	if (read_all(fd, &total, sizeof(total)) != 0)
		return fail("read the server's count");
	if (total != bytes) {
		fprintf(stderr, "traffic: %llu bytes arrived of %llu\n", (unsigned long long)total, (unsigned long long)bytes);
		return 1;
	}
	printf("%llu\n", (unsigned long long)(now_ns() - start));
	close(fd);
	return 0;
}

static int down(const char *host, uint16_t port, uint64_t bytes)
{
	int fd = connect_to(host, port);
	uint64_t start, total = 0;
	ssize_t n;

	if (fd < 0 || write_all(fd, "g", 1) != 0)
		return fail("connect");
	start = now_ns();
	if (write_all(fd, &bytes, sizeof(bytes)) != 0)
		return fail("write");
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		total += (uint64_t)n;
	if (n < 0)
		return fail("read");
	if (total != bytes) {
		fprintf(stderr, "traffic: %llu bytes arrived of %llu\n", (unsigned long long)total, (unsigned long long)bytes);
		return 1;
	}
	printf("%llu\n", (unsigned long long)(now_ns() - start));
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve((uint16_t)strtoul(argv[2], NULL, 10));
	if (argc == 5) {
		uint16_t port = (uint16_t)strtoul(argv[3], NULL, 10);
		uint64_t amount = strtoull(argv[4], NULL, 10);

		if (strcmp(argv[1], "ping") == 0)
			return ping(argv[2], port, amount);
		if (strcmp(argv[1], "connect") == 0)
			return connect_each(argv[2], port, amount);
		if (strcmp(argv[1], "together") == 0)
			return connect_together(argv[2], port, amount);
		if (strcmp(argv[1], "up") == 0)
			return up(argv[2], port, amount);
		if (strcmp(argv[1], "down") == 0)
			return down(argv[2], port, amount);
	}
	fprintf(stderr, "usage: traffic serve PORT | (ping|connect|together|up|down) HOST PORT AMOUNT\n");
	return 2;
}
