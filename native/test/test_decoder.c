/* SPDX-License-Identifier: Apache-2.0 */
/* A stream goes through the decoder's process: all bytes, many times round the ring, and every end that it can come to. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decoder.h"
#include "kernel.h"
#include "procfs.h"
#include "test.h"

#define PLAIN_SIZE (5u * RING_SIZE + 12345)

static void __attribute__((constructor)) open_proc(void)
{
	CHECK(procfs_open() == 0);
}

static uint8_t byte_at(uint64_t i)
{
	return (uint8_t)(i * 2654435761u >> 11 ^ i / 3);
}

/* writer() - A process that runs @command on PLAIN_SIZE bytes, @len of whose output go to the descriptor that is returned. */
static int writer(const char *command, size_t len, pid_t *pid)
{
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	*pid = fork();
	if (*pid == 0) {
		char line[128];
		uint8_t chunk[5000];
		FILE *f;

		/* Its other end is the reader's alone, whose leaving must be felt. */
		close(pair[0]);
		dup2(pair[1], 1);
		snprintf(line, sizeof(line), "%s | head -c %zu", command, len);
		f = popen(line, "w");
		CHECK(f);
		signal(SIGPIPE, SIG_IGN);
		for (uint64_t at = 0; at < PLAIN_SIZE;) {
			size_t n = 0;

			for (; n < sizeof(chunk) && at < PLAIN_SIZE; n++, at++)
				chunk[n] = byte_at(at);
			if (fwrite(chunk, 1, n, f) != n)
				break;
		}
		pclose(f);
		_exit(0);
	}
	close(pair[1]);
	return pair[0];
}

static void reap(pid_t pid)
{
	CHECK(waitpid(pid, NULL, 0) == pid);
}

/* read_on() - Take at most @limit bytes, in uneven portions, and compare them. Return: how the last more() ended. */
static int read_on(struct decoder *d, uint64_t limit, uint64_t *at, struct err *e)
{
	size_t used = 0;
	int result;

	*at = 0;
	while ((result = d->source.more(&d->source, used, e)) > 0) {
		/* A few bytes are always left, as by a reader that lacks the rest of a header. */
		used = d->source.len - (d->source.len > 100 ? d->source.len % 100 : 0);
		for (size_t i = 0; i < used; i++, (*at)++)
			if (d->source.data[i] != byte_at(*at))
				TEST_FAIL("byte %llu is wrong", (unsigned long long)*at);
		if (*at >= limit)
			return 1;
	}
	for (size_t i = 0; result == 0 && i < d->source.len; i++, (*at)++)
		CHECK(d->source.data[i] == byte_at(*at));
	return result;
}

static struct sha256 hash_of_all(void)
{
	struct sha256 s;

	sha256_init(&s);
	for (uint64_t i = 0; i < PLAIN_SIZE; i++) {
		uint8_t byte = byte_at(i);

		sha256_update(&s, &byte, 1);
	}
	return s;
}

static void check_whole(const char *command, bool gzip)
{
	struct sha256 hash = hash_of_all();
	uint8_t expected[SHA256_SIZE];
	struct err e = ERR_INIT;
	struct decoded result;
	struct decoder d;
	uint64_t at;
	pid_t pid;
	int in = writer(command, SIZE_MAX >> 1, &pid);

	CHECK(decoder_start(&d, in, gzip, &e) == 0);
	CHECK_INT(read_on(&d, UINT64_MAX, &at, &e), 0);
	CHECK_INT(at, PLAIN_SIZE);
	CHECK(decoder_result(&d, &result, &e) == 0);
	CHECK_INT(result.size, PLAIN_SIZE);
	sha256_final(&hash, expected);
	CHECK(memcmp(result.sha256, expected, sizeof(expected)) == 0);
	decoder_stop(&d);
	close(in);
	reap(pid);
}

TEST(plain_bytes_go_through)
{
	check_whole("cat", false);
}

TEST(gzip_is_inflated)
{
	check_whole("gzip -c -1", true);
	check_whole("gzip -c -9", true);
}

TEST(nothing_at_all_is_an_empty_archive_but_no_gzip)
{
	struct err e = ERR_INIT;
	struct decoded result;
	struct decoder d;
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	uint64_t at;

	CHECK(in >= 0 && decoder_start(&d, in, false, &e) == 0);
	CHECK_INT(read_on(&d, UINT64_MAX, &at, &e), 0);
	CHECK(decoder_result(&d, &result, &e) == 0);
	CHECK_INT(result.size, 0);
	decoder_stop(&d);
	CHECK(decoder_start(&d, in, true, &e) == 0);
	CHECK_INT(read_on(&d, UINT64_MAX, &at, &e), -1);
	CHECK_INT(e.no, EINVAL);
	CHECK(decoder_result(&d, &result, &e) < 0);
	decoder_stop(&d);
	close(in);
}

TEST(what_is_cut_short_fails_at_its_end)
{
	struct err e = ERR_INIT;
	struct decoder d;
	uint64_t at;
	pid_t pid;
	int in = writer("gzip -c -1", 2000000, &pid);

	CHECK(decoder_start(&d, in, true, &e) == 0);
	CHECK_INT(read_on(&d, UINT64_MAX, &at, &e), -1);
	CHECK_INT(e.no, EINVAL);
	CHECK(strstr(e.text, "cut short"));
	CHECK(at > RING_SIZE && at < PLAIN_SIZE);
	decoder_stop(&d);
	close(in);
	reap(pid);
}

TEST(a_reader_that_stops_leaves_no_process_and_no_descriptor)
{
	int before = open_descriptors();
	struct err e = ERR_INIT;
	struct decoder d;
	uint64_t at;
	pid_t pid;
	int in = writer("gzip -c -1", SIZE_MAX >> 1, &pid);

	CHECK(decoder_start(&d, in, true, &e) == 0);
	CHECK_INT(read_on(&d, RING_SIZE, &at, &e), 1);
	decoder_stop(&d);
	close(in);
	reap(pid);
	CHECK_INT(open_descriptors(), before);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

TEST(a_decoder_that_is_killed_is_noticed)
{
	struct err e = ERR_INIT;
	struct decoder d;
	uint64_t at;
	int pair[2];

	/* Nothing ever comes: it waits for input, and the reader for it. */
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	CHECK(decoder_start(&d, pair[0], true, &e) == 0);
	CHECK(kernel_pidfd_send_signal(d.pidfd, SIGKILL) == 0);
	CHECK_INT(read_on(&d, UINT64_MAX, &at, &e), -1);
	CHECK_INT(e.no, ECHILD);
	decoder_stop(&d);
	close(pair[0]);
	close(pair[1]);
}
