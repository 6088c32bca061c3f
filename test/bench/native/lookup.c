// SPDX-License-Identifier: Apache-2.0
/*
 * How long a name takes inside a container: asks its name server over UDP, as a resolver library does, and prints raw samples.
 *
 *   lookup SERVER NAME COUNT      COUNT queries for an address, one after the other; nanoseconds, one a line
 *   lookup SERVER NAME COUNT all  COUNT queries at once; prints how many were answered
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 53
#define PATIENCE_MS 5000

static unsigned char query[512];
static size_t query_len;

static int fail(const char *what)
{
	fprintf(stderr, "lookup: %s: %s\n", what, strerror(errno));
	return 1;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* A question for an IPv4 address of a name without dots. */
static void compose(const char *name)
{
	static const unsigned char header[12] = { 0, 0, 1, 0, 0, 1 }, end[5] = { 0, 0, 1, 0, 1 };
	size_t len = strnlen(name, 63);

	memcpy(query, header, sizeof(header));
	query[12] = (unsigned char)len;
	memcpy(query + 13, name, len);
	memcpy(query + 13 + len, end, sizeof(end));
	query_len = 13 + len + sizeof(end);
}

static int dial(const char *server)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 4 << 20;

	if (fd < 0 || inet_pton(AF_INET, server, &to.sin_addr) != 1 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static int send_query(int fd, unsigned id)
{
	query[0] = (unsigned char)(id >> 8);
	query[1] = (unsigned char)id;
	return send(fd, query, query_len, 0) == (ssize_t)query_len ? 0 : -1;
}

/* Returns 1 for an answer with an address in it, 0 when none came, -1 with errno. */
static int take_answer(int fd)
{
	unsigned char answer[1500];
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int ready = poll(&wait, 1, PATIENCE_MS);
	ssize_t n;

	if (ready <= 0)
		return ready;
	n = recv(fd, answer, sizeof(answer), 0);
	if (n < 12)
		return -1;
	return answer[7] > 0;
}

static int one_by_one(int fd, unsigned long count)
{
	for (unsigned long i = 0; i < count; i++) {
		uint64_t start = now_ns();

		if (send_query(fd, (unsigned)i & 0xffff) < 0 || take_answer(fd) != 1)
			return fail("query");
		printf("%llu\n", (unsigned long long)(now_ns() - start));
	}
	return 0;
}

static int all_at_once(int fd, unsigned long count)
{
	unsigned long answered = 0;

	for (unsigned long i = 0; i < count; i++)
		if (send_query(fd, (unsigned)i & 0xffff) < 0)
			return fail("query");
	while (answered < count && take_answer(fd) == 1)
		answered++;
	printf("%lu\n", answered);
	return 0;
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: lookup SERVER NAME COUNT [all]\n");
		return 2;
	}
	compose(argv[2]);
	fd = dial(argv[1]);
	if (fd < 0)
		return fail("socket");
	return argc == 5 ? all_at_once(fd, strtoul(argv[3], NULL, 10)) : one_by_one(fd, strtoul(argv[3], NULL, 10));
}
