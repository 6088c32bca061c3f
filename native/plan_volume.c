/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on what several containers can share: where the files of a mount come from. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "container_table.h"
#include "kernel.h"
#include "mount_namespace.h"
#include "plan.h"
#include "populate.h"
#include "protocol.h"

/*
 * One resolution, by the kernel: whoever shares the directory may exchange anything in it for a link meanwhile. A link that
 * leads out is refused (EXDEV), not turned around: what it names is nothing that its maker could have meant.
 */
static int open_beneath(int directory, const char *path, uint64_t flags)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	int fd = -1, tries = 1024;

	/* EAGAIN: a rename anywhere raced with a ".." (openat2(2)). */
	do
		fd = kernel_openat2(directory, path, &how);
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && --tries > 0)));
	return fd;
}

static int op_open_tree_beneath(struct plan *p, struct slice args, struct err *e)
{
	_close_ int directory = -1, at = -1;
	char path[PATH_SIZE], below[PATH_SIZE];
	int fd;

	if (arg_path(args, ARG_PATH, path, e) < 0 || arg_path(args, ARG_DATA, below, e) < 0)
		return -1;
	directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return fail(e, errno, "%s", path);
	at = open_beneath(directory, below, O_PATH);
	if (at < 0)
		return fail(e, errno, "%s", below);
	fd = open_tree(at, "", (unsigned)arg_u64_or(args, ARG_FLAGS, 0) | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	return fd < 0 ? fail(e, errno, "%s", below) : store_slot(p, args, ARG_SLOT, fd, e);
}

static int op_open_tree_of(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE], id[ID_MAX + 1];
	struct container *c;
	int ns, fd;

	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	if (find_text(args, ARG_NAME, id, sizeof(id))) {
		c = container_by_id(id);
		ns = c ? container_pidfd(c) : -1;
		if (ns < 0)
			return fail(e, ESRCH, "container %.32s is not running", id);
	} else {
		ns = mount_namespace_host();
	}
	fd = mount_namespace_tree(ns, path, (unsigned)arg_u64_or(args, ARG_FLAGS, 0));
	return fd < 0 ? fail(e, errno, "%s", path) : store_slot(p, args, ARG_SLOT, fd, e);
}

/* is_root() - Whether a path of the image leads to the root: by a link, since nobody means all of it. */
static bool is_root(const struct plan *p, const char *path)
{
	_close_ int at = root_open(p->root, path, O_PATH, 0);
	struct stat st, root;

	return at >= 0 && fstat(at, &st) == 0 && fstat(p->root, &root) == 0 && st.st_dev == root.st_dev && st.st_ino == root.st_ino;
}

static int op_populate(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE], directory[PATH_SIZE], below[PATH_SIZE], name[64];
	_close_ int volume = -1, beside = -1, data = -1;

	if (arg_path(args, ARG_PATH, path, e) < 0 || arg_path(args, ARG_CWD, directory, e) < 0 || arg_path(args, ARG_DATA, below, e) < 0)
		return -1;
	if (!find_text(args, ARG_NAME, name, sizeof(name)))
		return fail(e, EINVAL, "name");
	volume = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	beside = volume < 0 ? -1 : openat(volume, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (beside < 0)
		return fail(e, errno, "%s", directory);
	data = open_beneath(volume, below, O_RDONLY | O_DIRECTORY);
	if (data < 0)
		return errno == ENOTDIR ? 0 : fail(e, errno, "%s", below);
	if (is_root(p, path))
		return fail(e, EBUSY, "%s leads to the root", path);
	return populate(p->root, path, data, beside, name, e);
}

const struct operation volume_operations[] = {
	{ OP_OPEN_TREE_BENEATH, false, "open_tree beneath", op_open_tree_beneath },
	{ OP_OPEN_TREE_OF, false, "open_tree in another namespace", op_open_tree_of },
	{ OP_POPULATE, false, "populate", op_populate },
	{ 0 },
};
