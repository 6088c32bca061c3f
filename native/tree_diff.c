/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that was touched has a time of change (ctime) after the copy was complete, which nobody can set back, and what overlayfs would
 * have copied up is what was touched. Contents are not compared.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "copy_entry.h"
#include "dir_names.h"
#include "flatten.h"
#include "overlay_attr.h"
#include "take_over.h"
#include "tree_diff.h"

struct difference {
	struct timespec made;	/* when the copy was complete */
};

/* A directory of what is written, made once something is in it. */
struct place {
	struct place *above;
	const char *name;
	int root;		/* what it takes its attributes from */
	int fd;			/* -1: not made yet */
};

static int open_place(struct place *p, struct err *e)
{
	if (p->fd >= 0)
		return 0;
	if (open_place(p->above, e) < 0)
		return -1;
	if (mkdirat(p->above->fd, p->name, 0700) < 0)
		return fail(e, errno, "create %.100s", p->name);
	p->fd = copy_open_dir(p->above->fd, p->name);
	return p->fd < 0 ? fail(e, errno, "%.100s", p->name) : 0;
}

/* close_place() - Its time comes last: what was made in it has changed it. */
static int close_place(struct place *p, struct err *e)
{
	int result = p->fd < 0 ? 0 : take_over_all(p->fd, p->root, p->name, e);

	close_fdp(&p->fd);
	return result;
}

static bool is_later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

static bool is_touched(const struct difference *d, const struct stat *now, const struct stat *then)
{
	if (is_later(now->st_ctim, d->made))
		return true;
	/* Touched in the same tick of the clock. A directory's size says nothing. */
	return now->st_mode != then->st_mode || now->st_uid != then->st_uid || now->st_gid != then->st_gid ||
	       (!S_ISDIR(now->st_mode) && now->st_size != then->st_size) || is_later(now->st_mtim, then->st_mtim) ||
	       is_later(then->st_mtim, now->st_mtim);
}

static int compare_dirs(const struct difference *d, struct place *p, int lower, struct err *e);

static int put_whiteout(struct place *p, const char *name, struct err *e)
{
	if (open_place(p, e) < 0)
		return -1;
	return overlay_make_whiteout(p->fd, name) < 0 ? fail(e, errno, "whiteout %.100s", name) : 0;
}

/* compare_dir() - @then: what was there, NULL for nothing, or nothing that a directory joins. */
static int compare_dir(const struct difference *d, struct place *p, int lower, const char *name, const struct stat *now,
		       const struct stat *then, struct err *e)
{
	_close_ int root = copy_open_dir(p->root, name), below = then ? copy_open_dir(lower, name) : -1;
	struct place inner = { .above = p, .name = name, .root = root, .fd = -1 };
	int result;

	if (root < 0 || (then && below < 0))
		return errno == ENOENT ? 0 : fail(e, errno, "%.100s", name);
	if ((!then || is_touched(d, now, then)) && open_place(&inner, e) < 0)
		return -1;
	result = compare_dirs(d, &inner, below, e);
	return close_place(&inner, e) < 0 ? -1 : result;
}

static int compare(const struct difference *d, struct place *p, int lower, const char *name, struct err *e)
{
	struct stat now, then;
	bool was = lower >= 0 && fstatat(lower, name, &then, AT_SYMLINK_NOFOLLOW) == 0;

	if (fstatat(p->root, name, &now, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return fail(e, errno, "stat %.100s", name);
		return was ? put_whiteout(p, name, e) : 0;
	}
	if (S_ISDIR(now.st_mode))
		return compare_dir(d, p, lower, name, &now, was && S_ISDIR(then.st_mode) ? &then : NULL, e);
	if (was && !is_touched(d, &now, &then))
		return 0;
	return open_place(p, e) < 0 ? -1 : copy_entry(p->fd, p->root, name, &now, true, e);
}

static int compare_dirs(const struct difference *d, struct place *p, int lower, struct err *e)
{
	_cleanup_(dir_names_free) struct dir_names names = { 0 }, before = { 0 };
	size_t i = 0, k = 0;

	if (dir_names_read(&names, p->root) < 0 || (lower >= 0 && dir_names_read(&before, lower) < 0))
		return fail(e, errno, "read directory");
	/* Both are sorted. */
	while (i < names.count || k < before.count) {
		int order = i == names.count ? 1 : k == before.count ? -1 : strcmp(names.items[i], before.items[k]);

		if (compare(d, p, order < 0 ? -1 : lower, order > 0 ? before.items[k] : names.items[i], e) < 0 && e->no != ENOENT)
			return -1;
		i += order <= 0;
		k += order >= 0;
	}
	return 0;
}

static int when_made(const char *root, struct timespec *made, struct err *e)
{
	char note[PATH_MAX];
	struct stat st;

	if (snprintf(note, sizeof(note), "%s" MADE_SUFFIX, root) >= (int)sizeof(note) || stat(note, &st) < 0)
		return fail(e, errno, "%s" MADE_SUFFIX, root);
	*made = st.st_mtim;
	return 0;
}

int tree_diff(const char *path, const char *root, const char *lower, struct err *e)
{
	struct difference d;
	_close_ int from = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), below = open(lower, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct place top = { .name = "/", .root = from, .fd = -1 };
	int result;

	if (from < 0 || below < 0)
		return fail(e, errno, "%s", from < 0 ? root : lower);
	if (when_made(root, &d.made, e) < 0)
		return -1;
	if (mkdir(path, 0700) < 0 || (top.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return fail(e, errno, "%s", path);
	result = compare_dirs(&d, &top, below, e);
	return close_place(&top, e) < 0 ? -1 : result;
}
