/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "copy_contents.h"
#include "copy_entry.h"
#include "owner.h"
#include "take_over.h"

int copy_open_dir(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int copy_file(int to, int from, const char *name, struct err *e)
{
	/* O_NONBLOCK: should it be a FIFO by now. */
	_close_ int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	_close_ int target = source < 0 ? -1 : openat(to, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0600);

	if (target < 0)
		return fail(e, errno, "%.100s", name);
	return copy_contents(target, source, e) < 0 ? -1 : take_over_all(target, source, name, e);
}

static int copy_symlink(int to, int from, const char *name, struct err *e)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(from, name, target, sizeof(target) - 1);

	if (len < 0)
		return fail(e, errno, "read link %.100s", name);
	target[len] = 0;
	return symlinkat(target, to, name) < 0 ? fail(e, errno, "link %.100s", name) : 0;
}

/* take_over_name() - Of what can't be opened to be asked, or changed. */
static int take_over_name(int to, const char *name, const struct stat *st, struct err *e)
{
	const struct timespec times[2] = { st->st_mtim, st->st_mtim };

	if (owner_change(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(e, errno, "owner of %.100s", name);
	if (!S_ISLNK(st->st_mode) && fchmodat(to, name, st->st_mode & 07777, 0) < 0)
		return fail(e, errno, "mode of %.100s", name);
	return utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? fail(e, errno, "time of %.100s", name) : 0;
}

int copy_entry(int to, int from, const char *name, const struct stat *st, bool link, struct err *e)
{
	if (link && linkat(from, name, to, name, 0) == 0)
		return 0;
	/* EMLINK: it has all the names that it can have. */
	if (link && errno != EMLINK && errno != EPERM && errno != EXDEV)
		return fail(e, errno, "link %.100s", name);
	if (S_ISREG(st->st_mode))
		return copy_file(to, from, name, e);
	if (S_ISLNK(st->st_mode)) {
		if (copy_symlink(to, from, name, e) < 0)
			return -1;
	} else if (mknodat(to, name, st->st_mode & S_IFMT, st->st_rdev) < 0) {
		return fail(e, errno, "create %.100s", name);
	}
	return take_over_name(to, name, st, e);
}
