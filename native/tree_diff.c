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
#include "dir_lease.h"
#include "dir_names.h"
#include "flatten.h"
#include "overlay_attr.h"
#include "take_over.h"
#include "tree_diff.h"

struct difference {
	struct timespec made;	/* when the copy was complete */
	/* The deepest directory of what is written, on the way to where the walk is: nobody else knows of it, so that ".." leads back. */
	int written;
};

/* A directory on the way. */
struct place {
	struct place *above;
	const char *name;
	int root, lower;	/* lower: -1 where there is none */
	int depth;
	bool made;		/* in what is written, once something is in it */
};

static void close_place(struct place *p)
{
	close_fdp(&p->root);
	close_fdp(&p->lower);
}

static int move_to(struct difference *d, const char *name)
{
	int fd = openat(d->written, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	close_fdp(&d->written);
	d->written = fd;
	return fd < 0 ? -1 : 0;
}

static int make_place(struct difference *d, struct place *p, struct err *e)
{
	if (p->made)
		return 0;
	if (make_place(d, p->above, e) < 0)
		return -1;
	if (mkdirat(d->written, p->name, 0700) < 0)
		return fail(e, errno, "create %.100s", p->name);
	if (move_to(d, p->name) < 0)
		return fail(e, errno, "%.100s", p->name);
	p->made = true;
	return 0;
}

/* finish_place() - Its time comes last: what was made in it has changed it. */
static int finish_place(struct difference *d, struct place *p, struct err *e)
{
	if (!p->made)
		return 0;
	if (take_over_all(d->written, p->root, p->name, e) < 0)
		return -1;
	return p->above && move_to(d, "..") < 0 ? fail(e, errno, "directory above") : 0;
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

static int compare_dirs(struct difference *d, struct place *p, struct err *e);

static int put_whiteout(struct difference *d, struct place *p, const char *name, struct err *e)
{
	if (make_place(d, p, e) < 0)
		return -1;
	return overlay_make_whiteout(d->written, name) < 0 ? fail(e, errno, "whiteout %.100s", name) : 0;
}

/* descend() - @inner: in @p. */
static int descend(struct difference *d, struct place *p, struct place *inner, struct err *e)
{
	struct dir_lease root = { 0 }, lower = { 0 };

	if (dir_lease_begin(&root, &p->root, p->depth) < 0)
		return fail(e, errno, "%.100s", inner->name);
	/* Where there is none below, it could not be found again, and need not be closed: it is the last one. */
	if (inner->lower >= 0 && dir_lease_begin(&lower, &p->lower, p->depth) < 0)
		return fail(e, errno, "%.100s", inner->name);
	/* ENOENT: it was removed meanwhile. */
	if ((compare_dirs(d, inner, e) < 0 && e->no != ENOENT) || finish_place(d, inner, e) < 0)
		return -1;
	if (dir_lease_end(&root, &p->root, inner->root) < 0 || dir_lease_end(&lower, &p->lower, inner->lower) < 0)
		return fail(e, ESTALE, "%.100s was moved while it was compared", inner->name);
	return 0;
}

/* compare_dir() - @then: what was there, NULL for nothing, or nothing that a directory joins. */
static int compare_dir(struct difference *d, struct place *p, const char *name, const struct stat *now, const struct stat *then,
		       struct err *e)
{
	_cleanup_(close_place) struct place inner = { .above = p, .name = name, .root = -1, .lower = -1, .depth = p->depth + 1 };

	inner.root = copy_open_dir(p->root, name);
	if (inner.root < 0 || (then && (inner.lower = copy_open_dir(p->lower, name)) < 0))
		return errno == ENOENT ? 0 : fail(e, errno, "%.100s", name);
	if ((!then || is_touched(d, now, then)) && make_place(d, &inner, e) < 0)
		return -1;
	return descend(d, p, &inner, e);
}

/* compare() - @known: it may be in what was there. */
static int compare(struct difference *d, struct place *p, const char *name, bool known, struct err *e)
{
	struct stat now, then;
	bool was = known && fstatat(p->lower, name, &then, AT_SYMLINK_NOFOLLOW) == 0;

	if (fstatat(p->root, name, &now, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return fail(e, errno, "stat %.100s", name);
		return was ? put_whiteout(d, p, name, e) : 0;
	}
	if (S_ISDIR(now.st_mode))
		return compare_dir(d, p, name, &now, was && S_ISDIR(then.st_mode) ? &then : NULL, e);
	if (was && !is_touched(d, &now, &then))
		return 0;
	return make_place(d, p, e) < 0 ? -1 : copy_entry(d->written, p->root, name, &now, true, e);
}

static int compare_dirs(struct difference *d, struct place *p, struct err *e)
{
	_cleanup_(dir_names_free) struct dir_names names = { 0 }, before = { 0 };
	size_t i = 0, k = 0;

	if (dir_names_read(&names, p->root) < 0 || (p->lower >= 0 && dir_names_read(&before, p->lower) < 0))
		return fail(e, errno, "read directory");
	/* Both are sorted. */
	while (i < names.count || k < before.count) {
		int order = i == names.count ? 1 : k == before.count ? -1 : strcmp(names.items[i], before.items[k]);

		if (compare(d, p, order > 0 ? before.items[k] : names.items[i], order >= 0, e) < 0 && e->no != ENOENT)
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

static void close_difference(struct difference *d)
{
	close_fdp(&d->written);
}

int tree_diff(const char *path, const char *root, const char *lower, struct err *e)
{
	_cleanup_(close_difference) struct difference d = { .written = -1 };
	_cleanup_(close_place) struct place top = {
		.name = "/",
		.root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.lower = open(lower, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.made = true,
	};

	if (top.root < 0 || top.lower < 0)
		return fail(e, errno, "%s", top.root < 0 ? root : lower);
	if (when_made(root, &d.made, e) < 0)
		return -1;
	if (mkdir(path, 0700) < 0 || (d.written = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return fail(e, errno, "%s", path);
	return compare_dirs(&d, &top, e) < 0 ? -1 : finish_place(&d, &top, e);
}
