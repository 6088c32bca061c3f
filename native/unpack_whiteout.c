/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whiteouts of a layer archive, put in overlayfs' form: a device 0:0 for a hidden name, an attribute for a directory.
 *
 * The image specification (layer.md, "Whiteouts") lets a whiteout apply to lower layers only: what the same layer
 * creates is seen, whatever the order of the entries. (Docker's and containerd's readers let the last entry win, and so
 * lose files of archives that were written in another order.) A directory created beside a whiteout of its own name
 * hides the lower directory and shows its own contents only: it becomes opaque.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "entry_name.h"
#include "overlay_attr.h"
#include "protocol.h"
#include "unpack.h"

int whiteout_mark_opaque(struct unpack *u, int fd, const char *clean, struct err *e)
{
	if (overlay_set_opaque(fd, u->flags & UNPACK_USERXATTR) < 0)
		return fail(e, errno, "mark directory as opaque");
	put_text(&u->result->notes, TAG_OPAQUE, clean);
	return 0;
}

static int mark_opaque_at(struct unpack *u, int parent, const char *name, const char *clean, struct err *e)
{
	_close_ int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return fail(e, errno, "open directory");
	return whiteout_mark_opaque(u, fd, clean, e);
}

static int hide_name(struct unpack *u, const char *clean, struct err *e)
{
	const char *leaf = entry_name_leaf(clean), *hidden = leaf + strlen(WHITEOUT_PREFIX);
	char path[TAR_NAME_SIZE];
	struct stat st;

	if (unpack_enter_parent(u, clean, e) < 0)
		return -1;
	if (overlay_make_whiteout(u->parent, hidden) == 0)
		return 0;
	if (errno != EEXIST)
		return fail(e, errno, "create whiteout");
	if (fstatat(u->parent, hidden, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(e, errno, "stat");
	if (!S_ISDIR(st.st_mode))
		return 0;
	memcpy(path, clean, (size_t)(leaf - clean));
	strcpy(path + (leaf - clean), hidden);
	return mark_opaque_at(u, u->parent, hidden, path, e);
}

static int hide_contents(struct unpack *u, const char *clean, struct err *e)
{
	if (unpack_enter_parent(u, clean, e) < 0)
		return -1;
	return mark_opaque_at(u, u->parent, ".", u->parent_path, e);
}

int whiteout_apply(struct unpack *u, const char *clean, int kind, struct err *e)
{
	if (kind == WHITEOUT_METADATA)
		return 0;
	return kind == WHITEOUT_OPAQUE ? hide_contents(u, clean, e) : hide_name(u, clean, e);
}

/* clear_one() - Put an opaque directory where a whiteout is. Return: 0 also when none is there. */
static int clear_one(struct unpack *u, const char *prefix, struct err *e)
{
	const char *leaf = entry_name_leaf(prefix);
	char above[TAR_NAME_SIZE], path[TAR_NAME_SIZE];
	_close_ int parent = -1;
	struct stat st;

	memcpy(above, prefix, (size_t)(leaf - prefix));
	above[leaf - prefix] = 0;
	if (unpack_path(u, above, path, e) < 0)
		return -1;
	parent = root_open(u->root, path, O_PATH | O_DIRECTORY, 0);
	if (parent < 0)
		return fail(e, errno, "open directory %s", path);
	if (fstatat(parent, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0 || !overlay_is_whiteout(parent, leaf, &st))
		return 0;
	if (unlinkat(parent, leaf, 0) < 0 || mkdirat(parent, leaf, 0755) < 0)
		return fail(e, errno, "create directory %s", prefix);
	return mark_opaque_at(u, parent, leaf, prefix, e);
}

int whiteout_clear_parents(struct unpack *u, const char *clean, struct err *e)
{
	char prefix[TAR_NAME_SIZE];

	/* Only the first one can be a whiteout: nothing is below it. */
	strcpy(prefix, clean);
	for (char *slash = strchr(prefix, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		if (clear_one(u, prefix, e) < 0)
			return e->no == ENOENT || e->no == ENOTDIR ? 0 : -1;
		*slash = '/';
	}
	return clear_one(u, prefix, e);
}
