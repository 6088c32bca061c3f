/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cgroup_claim.h"
#include "err.h"

/* On a v2 hierarchy of anybody's since Linux 5.7; before that, and for v1, root alone may set the other one. */
static const char *const MARKS[] = { "user.caisson.session", "trusted.caisson.session" };

static int open_dir(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Not marked, it is found by the session's list alone. */
static void mark(int fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(MARKS); i++)
		if (fsetxattr(fd, MARKS[i], "y", 1, 0) == 0)
			return;
}

static bool is_marked(int fd)
{
	char value;

	for (size_t i = 0; i < ARRAY_SIZE(MARKS); i++)
		if (fgetxattr(fd, MARKS[i], &value, 1) == 1 && value == 'y')
			return true;
	return false;
}

int cgroup_claim(const char *dir)
{
	int fd;

	if (mkdir(dir, 0755) < 0)
		return errno == EEXIST ? 0 : -1;
	fd = open_dir(AT_FDCWD, dir);
	/* Kept open to the end: one for each hierarchy that the session uses. */
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		mark(fd);
	else
		close_fdp(&fd);
	return 0;
}

void cgroup_remove_unclaimed(int parent, const char *name, time_t before)
{
	int fd = open_dir(parent, name);
	struct stat st;

	if (fd >= 0 && !is_marked(fd) && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_mtime < before)
		unlinkat(parent, name, AT_REMOVEDIR);
	close_fdp(&fd);
}

int cgroup_take_abandoned(int parent, const char *name)
{
	int fd = open_dir(parent, name);

	if (fd >= 0 && is_marked(fd) && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close_fdp(&fd);
	return -1;
}
