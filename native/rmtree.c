/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deleting a directory that a container had for itself: any names, any depth, links to anywhere, mounts forgotten in it.
 *
 * Every directory is opened below its parent's descriptor without following links or entering mounts. A tree can be
 * deeper than the limit of descriptors (or the stack) allows to hold open; what lies deeper than MAX_DEPTH is therefore
 * first renamed into the top directory, where the next pass finds it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "kernel.h"

#define MAX_DEPTH 64

struct removal {
	int top;		/* descriptor of the tree's top directory, borrowed */
	uint64_t lifted;	/* directories renamed into @top so far */
	struct err *e;
};

static void close_dirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static DIR *open_dir(int parent, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	_close_ int fd = RETRY(kernel_openat2(parent, name, &how));
	DIR *dir;

	if (fd < 0)
		return NULL;
	dir = fdopendir(fd);
	if (dir)
		fd = -1;
	return dir;
}

/* lift() - Rename a directory into the top one, under a name that is free there. */
static int lift(struct removal *r, int parent, const char *name)
{
	char lifted[32];

	do {
		snprintf(lifted, sizeof(lifted), ".lifted-%llu", (unsigned long long)r->lifted++);
		if (renameat2(parent, name, r->top, lifted, RENAME_NOREPLACE) == 0)
			return 0;
	} while (errno == EEXIST);
	return fail(r->e, errno, "rename %s", name);
}

static int empty_dir(struct removal *r, DIR *dir, int depth);

static int remove_subdir(struct removal *r, int parent, const char *name, int depth)
{
	_cleanup_(close_dirp) DIR *dir = NULL;

	/* Most directories of a writable layer are empty by now or were so from the start. */
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return fail(r->e, errno, "rmdir %s", name);
	if (depth >= MAX_DEPTH)
		return lift(r, parent, name);
	dir = open_dir(parent, name);
	if (!dir)
		return errno == ENOENT ? 0 : fail(r->e, errno, "open directory %s", name);
	if (empty_dir(r, dir, depth + 1) < 0)
		return -1;
	if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fail(r->e, errno, "rmdir %s", name);
	return 0;
}

static bool is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static int remove_one(struct removal *r, int parent, const char *name, bool directory, int depth)
{
	if (!directory) {
		if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
			return 0;
		if (errno != EISDIR)
			return fail(r->e, errno, "unlink %s", name);
	}
	return remove_subdir(r, parent, name, depth);
}

/* empty_dir() - Remove all entries of an open directory. */
static int empty_dir(struct removal *r, DIR *dir, int depth)
{
	struct dirent *entry;
	uint64_t removed;

	/* A pass may miss names that came up while it ran, lifted directories among them. */
	do {
		removed = 0;
		rewinddir(dir);
		while (errno = 0, (entry = readdir(dir))) {
			if (is_dot(entry->d_name))
				continue;
			if (remove_one(r, dirfd(dir), entry->d_name, entry->d_type == DT_DIR, depth) < 0)
				return -1;
			removed++;
		}
		if (errno)
			return fail(r->e, errno, "read directory");
	} while (removed);
	return 0;
}

int archive_remove_tree(int parent, const char *name, struct err *e)
{
	struct removal r = { .top = -1, .e = e };
	_cleanup_(close_dirp) DIR *dir = NULL;

	if (!*name || is_dot(name) || strchr(name, '/'))
		return fail(e, EINVAL, "remove %s", name);
	dir = open_dir(parent, name);
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir && (errno == ENOTDIR || errno == ELOOP))
		return unlinkat(parent, name, 0) < 0 && errno != ENOENT ? fail(e, errno, "unlink %s", name) : 0;
	if (!dir)
		return fail(e, errno, "open directory %s", name);
	r.top = dirfd(dir);
	if (empty_dir(&r, dir, 0) < 0)
		return -1;
	if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fail(e, errno, "rmdir %s", name);
	return 0;
}
