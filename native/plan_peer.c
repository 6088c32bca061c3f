/* SPDX-License-Identifier: Apache-2.0 */
/* Operations that reach into another container of the session, found by its id and held by its pidfd. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "container_table.h"
#include "kernel.h"
#include "plan.h"
#include "procfs.h"
#include "protocol.h"

/* peer() - Return: pidfd of the container's first process, borrowed, or -1 with @e. */
static int peer(struct slice args, struct err *e)
{
	struct container *c;
	char id[ID_MAX + 1];
	int pidfd;

	if (!find_text(args, ARG_NAME, id, sizeof(id)))
		return fail(e, EINVAL, "container id");
	c = container_by_id(id);
	pidfd = c ? container_pidfd(c) : -1;
	return pidfd < 0 ? fail(e, ESRCH, "container %.32s is not running", id) : pidfd;
}

static int op_join(struct plan *p, struct slice args, struct err *e)
{
	int pidfd = peer(args, e);
	uint64_t flags;

	(void)p;
	if (pidfd < 0 || arg_u64(args, ARG_FLAGS, &flags, e) < 0)
		return -1;
	return setns(pidfd, (int)flags) < 0 ? fail(e, errno, "namespaces %llx", (unsigned long long)flags) : 0;
}

/* A link in the other container could lead anywhere in it: no part of the path may be one. */
static int open_there(const char *path, struct err *e)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	_close_ int fd = RETRY(kernel_openat2(AT_FDCWD, path, &how));
	int tree;

	if (fd < 0)
		return fail(e, errno, "%.120s", path);
	tree = open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	return tree < 0 ? fail(e, errno, "%.120s", path) : tree;
}

static int op_open_tree_of(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE];
	_close_ int own = -1;
	int pidfd, *slot = NULL, tree;

	if (arg_slot(p, args, ARG_SLOT, &slot, e) < 0 || arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	pidfd = peer(args, e);
	if (pidfd < 0)
		return -1;
	own = openat(procfs(), "thread-self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (own < 0 || setns(pidfd, CLONE_NEWNS) < 0)
		return fail(e, errno, "enter its mount namespace");
	tree = open_there(path, e);
	if (setns(own, CLONE_NEWNS) < 0) {
		close_fdp(&tree);
		return fail(e, errno, "leave its mount namespace");
	}
	if (tree < 0)
		return -1;
	close_fdp(slot);
	*slot = tree;
	return 0;
}

const struct operation peer_operations[] = {
	{ OP_JOIN, false, "join", op_join },
	{ OP_OPEN_TREE_OF, false, "open tree of a container", op_open_tree_of },
	{ 0 },
};
