/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a published port costs: round trips of 64 bytes, new connections, and throughput both ways, beside the same over
 * plain loopback. Three processes as in real life: client, supervisor, service in a network namespace.
 */
#define _GNU_SOURCE
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "publish.h"

#define SERVICE_PORT 7000
#define ROUND_TRIPS 20000
#define CONNECTIONS 2000
#define BULK_BYTES (4ull << 30)
#define CHUNK (128 << 10)

static uint8_t chunk[CHUNK];

/* What the client asks for with the first byte. */
enum { ECHO = 'e', SINK = 's', SOURCE = 'd' };

static bool read_all(int fd, void *data, size_t len)
{
	for (size_t got = 0; got < len;) {
		ssize_t n = recv(fd, (char *)data + got, len - got, 0);

		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return true;
}

static void serve(int fd)
{
	uint64_t total = 0;
	char mode;
	ssize_t n;
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (!read_all(fd, &mode, 1))
		return;
	if (mode == ECHO)
		while (read_all(fd, chunk, 64) && send(fd, chunk, 64, MSG_NOSIGNAL) == 64)
			;
	if (mode == SINK) {
		while ((n = recv(fd, chunk, sizeof(chunk), 0)) > 0)
			total += (uint64_t)n;
		send(fd, &total, sizeof(total), MSG_NOSIGNAL);
	}
	if (mode == SOURCE)
		while (total < BULK_BYTES && (n = send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL)) > 0)
			total += (uint64_t)n;
}

static void run_service(int listener)
{
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CHECK_INT(fcntl(listener, F_SETFL, 0), 0);
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		serve(fd);
		close(fd);
	}
	_exit(0);
}

static int open_mode(uint16_t port, char mode)
{
	int fd = client(SOCK_STREAM, "127.0.0.1", port), on = 1;

	CHECK_INT(fcntl(fd, F_SETFL, 0), 0);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	CHECK_INT(send(fd, &mode, 1, 0), 1);
	return fd;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void print_percentiles(const char *what, uint64_t *ns, size_t n)
{
	qsort(ns, n, sizeof(*ns), compare);
	printf("  %-28s p50 %7.1f us   p90 %7.1f us   p99 %7.1f us\n", what, (double)ns[n / 2] / 1e3, (double)ns[n * 9 / 10] / 1e3,
	       (double)ns[n * 99 / 100] / 1e3);
}

static void round_trips(uint16_t port)
{
	static uint64_t ns[ROUND_TRIPS];
	int fd = open_mode(port, ECHO);

	for (int i = 0; i < ROUND_TRIPS; i++) {
		uint64_t start = now_ns();

		CHECK_INT(send(fd, chunk, 64, 0), 64);
		CHECK(read_all(fd, chunk, 64));
		ns[i] = now_ns() - start;
	}
	close(fd);
	print_percentiles("64-byte round trip", ns, ROUND_TRIPS);
}

static void connections(uint16_t port)
{
	static uint64_t ns[CONNECTIONS];

	for (int i = 0; i < CONNECTIONS; i++) {
		uint64_t start = now_ns();
		int fd = open_mode(port, ECHO);

		CHECK_INT(send(fd, chunk, 64, 0), 64);
		CHECK(read_all(fd, chunk, 64));
		ns[i] = now_ns() - start;
		close(fd);
	}
	print_percentiles("connect and one round trip", ns, CONNECTIONS);
}

static void throughput(uint16_t port)
{
	uint64_t start = now_ns(), total = 0, taken;
	int fd = open_mode(port, SINK);
	ssize_t n;

	while (total < BULK_BYTES && (n = send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL)) > 0)
		total += (uint64_t)n;
	shutdown(fd, SHUT_WR);
	CHECK(read_all(fd, &taken, sizeof(taken)));
	CHECK_INT(taken, total);
	printf("  %-28s %.2f GB/s\n", "to the service", (double)total / (double)(now_ns() - start));
	close(fd);
	start = now_ns();
	fd = open_mode(port, SOURCE);
	for (total = 0; (n = recv(fd, chunk, sizeof(chunk), 0)) > 0;)
		total += (uint64_t)n;
	CHECK_INT(total, BULK_BYTES);
	printf("  %-28s %.2f GB/s\n", "from the service", (double)total / (double)(now_ns() - start));
	close(fd);
}

static pid_t start(void (*run)(int), int argument)
{
	pid_t pid = fork();

	if (pid == 0)
		run(argument);
	CHECK(pid > 0);
	return pid;
}

static void run_supervisor(int parent)
{
	uint16_t port;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	CHECK_INT(loop_init(), 0);
	port = publish(IPPROTO_TCP, NULL, SERVICE_PORT);
	CHECK_INT(write(parent, &port, sizeof(port)), sizeof(port));
	_exit(loop_run());
}

TEST(forward)
{
	uint16_t direct, published;
	int listeners[2], own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), back[2];
	pid_t pids[3];

	session.netns = namespace_make();
	listeners[0] = namespace_bind(own, SOCK_STREAM, "127.0.0.1", 0, false, &direct);
	listeners[1] = namespace_bind(session.netns, SOCK_STREAM, "0.0.0.0", SERVICE_PORT, false, NULL);
	CHECK_INT(pipe2(back, O_CLOEXEC), 0);
	pids[0] = start(run_service, listeners[0]);
	pids[1] = start(run_service, listeners[1]);
	pids[2] = start(run_supervisor, back[1]);
	CHECK_INT(read(back[0], &published, sizeof(published)), sizeof(published));
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 2; i++) {
			printf("%s\n", i ? "published port" : "plain loopback");
			round_trips(i ? published : direct);
			connections(i ? published : direct);
			throughput(i ? published : direct);
		}
	}
	for (int i = 0; i < 3; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
}
