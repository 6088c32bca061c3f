/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One layer after the other, from the lowest on, each as overlayfs would lay it over what is there: a whiteout takes a name away, an
 * opaque directory takes away what is in it, a directory joins a directory, and anything else takes the place of what has its name.
 * (Documentation/filesystems/overlayfs.rst)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "archive.h"
#include "copy_entry.h"
#include "dir_lease.h"
#include "dir_names.h"
#include "flatten.h"
#include "link_map.h"
#include "overlay_attr.h"
#include "protocol.h"
#include "take_over.h"

struct flattening {
	int top;		/* of what is made */
	bool link;
	struct link_map links;	/* of the layer at hand */
	char path[PATH_MAX];	/* below top */
	size_t len;
	int depth;
};

/* The two directories that are being joined, at the same place. */
struct pair {
	int to, layer;
};

static void close_pair(struct pair *p)
{
	close_fdp(&p->to);
	close_fdp(&p->layer);
}

static int apply_names(struct flattening *f, struct pair *at, struct err *e);

static int push(struct flattening *f, const char *name, struct err *e)
{
	int len = snprintf(f->path + f->len, sizeof(f->path) - f->len, "%s%s", f->len ? "/" : "", name);

	if ((size_t)len >= sizeof(f->path) - f->len)
		return fail(e, ENAMETOOLONG, "path of %.64s", name);
	f->len += (size_t)len;
	return 0;
}

static int clear(int dir, const char *name, struct err *e)
{
	return archive_remove_tree(dir, name, e);
}

static int empty(int dir, struct err *e)
{
	_cleanup_(dir_names_free) struct dir_names names = { 0 };

	if (dir_names_read(&names, dir) < 0)
		return fail(e, errno, "read directory");
	for (size_t i = 0; i < names.count; i++)
		if (clear(dir, names.items[i], e) < 0)
			return -1;
	return 0;
}

/* descend() - @inner: in @at. */
static int descend(struct flattening *f, struct pair *at, struct pair *inner, struct err *e)
{
	struct dir_lease to, layer;
	int result;

	if (dir_lease_begin(&to, &at->to, f->depth) < 0 || dir_lease_begin(&layer, &at->layer, f->depth) < 0)
		return fail(e, errno, "directory");
	f->depth++;
	result = apply_names(f, inner, e);
	f->depth--;
	if (result < 0)
		return -1;
	if (dir_lease_end(&to, &at->to, inner->to) < 0 || dir_lease_end(&layer, &at->layer, inner->layer) < 0)
		return fail(e, errno, "directory above");
	return 0;
}

/* apply_dir() - @st: what has its name by now; NULL: nothing has. */
static int apply_dir(struct flattening *f, struct pair *at, const char *name, const struct stat *st, struct err *e)
{
	_cleanup_(close_pair) struct pair inner = { -1, copy_open_dir(at->layer, name) };

	if (inner.layer < 0)
		return fail(e, errno, "%.100s", name);
	if (st && !S_ISDIR(st->st_mode)) {
		if (clear(at->to, name, e) < 0)
			return -1;
		st = NULL;
	}
	if (!st && mkdirat(at->to, name, 0700) < 0)
		return fail(e, errno, "create %.100s", name);
	inner.to = copy_open_dir(at->to, name);
	if (inner.to < 0)
		return fail(e, errno, "%.100s", name);
	if (st && overlay_is_opaque(inner.layer) && empty(inner.to, e) < 0)
		return -1;
	return descend(f, at, &inner, e) < 0 ? -1 : take_over_all(inner.to, inner.layer, name, e);
}

static int apply_file(struct flattening *f, int to, int layer, const char *name, const struct stat *st, struct err *e)
{
	const char *first = f->link || st->st_nlink == 1 ? NULL : link_map_find(&f->links, st->st_dev, st->st_ino);

	if (first && linkat(f->top, first, to, name, 0) == 0)
		return 0;
	if (first && errno != EMLINK)
		return fail(e, errno, "link %.100s", name);
	if (copy_entry(to, layer, name, st, f->link, e) < 0)
		return -1;
	if (f->link || st->st_nlink == 1 || first)
		return 0;
	return link_map_add(&f->links, st->st_dev, st->st_ino, f->path) < 0 ? fail(e, ENOMEM, "hard links") : 0;
}

static int apply(struct flattening *f, struct pair *at, const char *name, struct err *e)
{
	struct stat st, there;
	bool taken;

	if (fstatat(at->layer, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(e, errno, "stat %.100s", name);
	taken = fstatat(at->to, name, &there, AT_SYMLINK_NOFOLLOW) == 0;
	if (S_ISDIR(st.st_mode))
		return apply_dir(f, at, name, taken ? &there : NULL, e);
	if (taken && clear(at->to, name, e) < 0)
		return -1;
	return overlay_is_whiteout(at->layer, name, &st) ? 0 : apply_file(f, at->to, at->layer, name, &st, e);
}

static int apply_names(struct flattening *f, struct pair *at, struct err *e)
{
	_cleanup_(dir_names_free) struct dir_names names = { 0 };
	const size_t len = f->len;

	if (dir_names_read(&names, at->layer) < 0)
		return fail(e, errno, "read directory");
	for (size_t i = 0; i < names.count; i++) {
		if (push(f, names.items[i], e) < 0 || apply(f, at, names.items[i], e) < 0)
			return -1;
		f->path[f->len = len] = 0;
	}
	return 0;
}

static int apply_layers(struct flattening *f, struct slice args, struct err *e)
{
	struct reader r = reader_of(args);
	char layer[PATH_MAX];
	struct field field;

	while (read_field(&r, &field)) {
		struct pair at = { f->top, -1 };
		_close_ int from = -1;
		int result;

		if (field.tag != ARG_ARG)
			continue;
		if (!slice_text(field.value, layer, sizeof(layer)))
			return fail(e, EINVAL, "layer");
		from = open(layer, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (from < 0)
			return fail(e, errno, "%s", layer);
		/* Never closed on the way: the top is not deep. */
		at.layer = from;
		result = apply_names(f, &at, e) < 0 ? -1 : take_over_all(f->top, from, "/", e);
		link_map_free(&f->links);
		f->links = (struct link_map){ 0 };
		if (result < 0)
			return -1;
	}
	return 0;
}

static int note_made(int parent, const char *name, struct err *e)
{
	char note[NAME_MAX + 1];
	_close_ int fd = -1;

	snprintf(note, sizeof(note), "%.200s" MADE_SUFFIX, name);
	fd = openat(parent, note, O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
	/* The same clock gives files their times of change. */
	return fd < 0 || futimens(fd, NULL) < 0 ? fail(e, errno, "%.100s", note) : 0;
}

static int make(int parent, const char *fresh, const char *name, struct slice args, bool link, struct err *e)
{
	struct flattening f = { .link = link };
	_close_ int top = -1;

	if (mkdirat(parent, fresh, 0700) < 0 || (top = copy_open_dir(parent, fresh)) < 0)
		return fail(e, errno, "%s", fresh);
	f.top = top;
	if (apply_layers(&f, args, e) < 0 || note_made(parent, name, e) < 0)
		return -1;
	return renameat2(parent, fresh, parent, name, RENAME_NOREPLACE) < 0 ? fail(e, errno, "rename %s", name) : 0;
}

int flatten(const char *path, struct slice args, bool link, struct err *e)
{
	char above[PATH_MAX], fresh[32], *name;
	struct err ignored = ERR_INIT;
	_close_ int parent = -1;
	uint64_t number;

	if (strlen(path) >= sizeof(above) || !(name = strrchr(strcpy(above, path), '/')) || !name[1])
		return fail(e, EINVAL, "directory");
	*name++ = 0;
	parent = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return fail(e, errno, "%s", above);
	if (faccessat(parent, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return fail(e, errno, "random");
	snprintf(fresh, sizeof(fresh), ".new-%016llx", (unsigned long long)number);
	if (make(parent, fresh, name, args, link, e) == 0)
		return 0;
	archive_remove_tree(parent, fresh, &ignored);
	/* Somebody else was faster: as good. */
	if (e->no != EEXIST || faccessat(parent, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	*e = (struct err)ERR_INIT;
	return 0;
}
