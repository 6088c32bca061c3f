/* SPDX-License-Identifier: Apache-2.0 */
/* Writing to one file and waiting for another: here ordinary ones, which announce nothing, as those of cgroup v1. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "await_file.h"
#include "loop.h"
#include "protocol.h"
#include "session_stub.h"
#include "test.h"
#include "turn.h"

static char directory[] = "/tmp/caisson-await-XXXXXX";

static void set(const char *name, const char *content)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content));
	close(fd);
}

static int request(uint32_t id, const char *watched, const char *line, uint64_t flags, struct err *e)
{
	struct writer w = { 0 };
	char path[PATH_MAX];
	int r;

	session_clear();
	*e = (struct err)ERR_INIT;
	snprintf(path, sizeof(path), "%s/switch", directory);
	put_text(&w, TAG_PATH, path);
	put_text(&w, TAG_DATA, "on");
	snprintf(path, sizeof(path), "%s/%s", directory, watched);
	put_text(&w, TAG_WATCHED, path);
	put_text(&w, TAG_TEXT, line);
	put_u64(&w, TAG_FLAGS, flags);
	r = await_file_handle(id, slice_of(&w), e);
	writer_free(&w);
	return r;
}

static void clean_up(void)
{
	static const char *const names[] = { "switch", "state" };
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
	rmdir(directory);
}

static void set_up(void)
{
	if (access(directory, F_OK) == 0)
		return;
	CHECK(mkdtemp(directory));
	atexit(clean_up);
	CHECK_INT(loop_init(), 0);
	set("switch", "");
}

TEST(what_is_so_already_is_answered_at_once)
{
	struct err e;

	set_up();
	set("state", "populated 1\nfrozen 1\n");
	CHECK_INT(request(1, "state", "frozen 1", 0, &e), 0);
	CHECK_INT(session.ok_id, 1);
}

TEST(a_file_that_announces_nothing_is_looked_at_again)
{
	struct err e;

	set_up();
	set("state", "FREEZING\n");
	CHECK_INT(request(2, "state", "FROZEN", 1, &e), 0);
	turn_loop(5000);
	CHECK_INT(session.ok_id, 0);
	set("state", "FROZEN\n");
	EVENTUALLY(session.ok_id == 2);
	CHECK(!session.waiting);
}

TEST(a_line_counts_as_a_whole)
{
	struct err e;

	set_up();
	set("state", "frozen 10\nunfrozen 1\n");
	CHECK_INT(request(3, "state", "frozen 1", 1, &e), 0);
	turn_loop(5000);
	CHECK_INT(session.ok_id, 0);
	session.waiting->cancel(session.waiting);
	session.waiting = NULL;
	turn_loop(5000);
	CHECK_INT(session.ok_id + session.error_id, 0);
}

TEST(files_that_are_not_there_are_refused)
{
	struct err e;

	set_up();
	CHECK_INT(request(4, "nonesuch", "frozen 1", 1, &e), -1);
	CHECK_INT(e.no, ENOENT);
	CHECK(!session.waiting);
}

TEST(a_file_that_can_not_be_waited_for_is_refused)
{
	struct err e;

	set_up();
	set("state", "frozen 0\n");
	CHECK_INT(request(5, "state", "frozen 1", 0, &e), -1);
	CHECK_INT(e.no, EPERM);
	CHECK(!session.waiting);
}
