/* SPDX-License-Identifier: Apache-2.0 */
/* A connection and the one who wants it find each other in any order, and nobody is left waiting. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "loop.h"
#include "stream.h"
#include "test.h"
#include "turn.h"

static char directory[] = "/tmp/caisson-stream-XXXXXX";
static int arrived_fd;

static void clean_up(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/stream.sock", directory);
	unlink(path);
	rmdir(directory);
}

static void set_up(void)
{
	struct err e = ERR_INIT;
	int dir;

	arrived_fd = -1;
	if (access(directory, F_OK) == 0)
		return;
	CHECK(mkdtemp(directory));
	atexit(clean_up);
	CHECK_INT(loop_init(), 0);
	dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(dir >= 0);
	CHECK_INT(stream_listen(dir, &e), 0);
	close(dir);
}

static int dial(uint64_t token)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/stream.sock", directory);
	CHECK_INT(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	CHECK_INT(write(fd, &token, sizeof(token)), sizeof(token));
	return fd;
}

static void arrived(struct stream_want *w, int fd)
{
	(void)w;
	arrived_fd = fd;
}

static bool is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

TEST(a_connection_that_comes_first_waits_to_be_claimed)
{
	struct stream_want want = { .token = 11, .arrived = arrived };
	int fd;

	set_up();
	fd = dial(11);
	turn_loop(2000);
	CHECK_INT(arrived_fd, -1);
	stream_claim(&want);
	CHECK(arrived_fd >= 0);
	close(arrived_fd);
	close(fd);
}

TEST(a_claim_that_comes_first_waits_for_its_connection_alone)
{
	struct stream_want want = { .token = 21, .arrived = arrived };
	int other, fd;

	set_up();
	stream_claim(&want);
	other = dial(22);
	turn_loop(2000);
	CHECK_INT(arrived_fd, -1);
	fd = dial(21);
	EVENTUALLY(arrived_fd >= 0);
	close(arrived_fd);
	close(other);
	close(fd);
}

TEST(a_refused_connection_is_closed_when_it_comes)
{
	struct stream_want want = { .token = 31, .arrived = arrived };
	int fd;

	set_up();
	stream_claim(&want);
	stream_refuse(&want);
	fd = dial(31);
	EVENTUALLY(is_closed(fd));
	CHECK_INT(arrived_fd, -1);
	close(fd);
}

TEST(refusing_what_has_come_or_was_never_wanted_does_nothing)
{
	struct stream_want want = { .token = 41, .arrived = arrived }, never = { .token = 42, .arrived = arrived };
	int fd, other;

	set_up();
	stream_claim(&want);
	fd = dial(41);
	EVENTUALLY(arrived_fd >= 0);
	stream_refuse(&want);
	stream_refuse(&never);
	other = dial(42);
	turn_loop(2000);
	CHECK(!is_closed(fd));
	CHECK(!is_closed(other));
	close(arrived_fd);
	close(fd);
	close(other);
}
