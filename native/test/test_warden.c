/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a session, whose cgroups are directories here: one that has a file in it is as busy as a cgroup that holds a process. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "test.h"
#include "warden.h"

static char top[64];
static int sessions, list;

static const char *in(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", top, name);
	return path;
}

static int put(const char *name)
{
	int fd = open(in(name), O_CREAT | O_EXCL | O_RDWR, 0600);

	CHECK(fd >= 0);
	return fd;
}

static bool exists(const char *name)
{
	return access(in(name), F_OK) == 0;
}

static void begin(void)
{
	strcpy(top, "/tmp/test-warden-XXXXXX");
	CHECK(mkdtemp(top));
	for (const char *const *name = (const char *const[]){ "sessions", "sessions/s", "sessions/s/containers", "sessions/s/containers/c",
							      "first", "first/inner", "second", NULL }; *name; name++)
		CHECK_INT(mkdir(in(*name), 0755), 0);
	close(put("sessions/s/lock"));
	close(put("sessions/s/containers/c/log"));
	list = put("sessions/s/cgroups");
	CHECK(dprintf(list, "%s\n%s\nnot absolute\n%s\n", in("first"), in("missing"), in("second")) > 0);
	sessions = open(in("sessions"), O_RDONLY | O_DIRECTORY);
}

static void end(void)
{
	struct err e = ERR_INIT;
	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY);

	CHECK_INT(archive_remove_tree(tmp, strrchr(top, '/') + 1, &e), 0);
	close(tmp);
	close(sessions);
	close(list);
}

TEST(all_of_it_goes_and_once_more_does_no_harm)
{
	int descriptors;

	begin();
	descriptors = open_descriptors();
	warden_session_end(sessions, "s", list);
	warden_session_end(sessions, "s", list);
	CHECK(!exists("first"));
	CHECK(!exists("second"));
	CHECK(!exists("sessions/s"));
	CHECK_INT(open_descriptors(), descriptors);
	end();
}

TEST(the_list_is_read_though_its_directory_is_gone)
{
	struct err e = ERR_INIT;

	begin();
	CHECK_INT(archive_remove_tree(sessions, "s", &e), 0);
	warden_session_end(sessions, "s", list);
	CHECK(!exists("first"));
	CHECK(!exists("second"));
	end();
}

TEST(what_stays_busy_is_left_to_a_later_sweep)
{
	begin();
	close(put("second/process"));
	warden_session_end(sessions, "s", list);
	CHECK(!exists("first"));
	CHECK(exists("second"));
	CHECK(exists("sessions/s/lock"));
	CHECK(exists("sessions/s/cgroups"));
	CHECK(!exists("sessions/s/containers"));
	CHECK_INT(unlink(in("second/process")), 0);
	warden_session_end(sessions, "s", list);
	CHECK(!exists("second"));
	CHECK(!exists("sessions/s"));
	end();
}
