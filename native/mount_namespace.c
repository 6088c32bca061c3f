/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "archive.h"
#include "kernel.h"
#include "mount_namespace.h"
#include "procfs.h"

static int host = -1;

void mount_namespace_init(void)
{
	host = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (unshare(CLONE_NEWNS) == 0)
		mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
}

int mount_namespace_host(void)
{
	return host;
}

void mount_namespace_adopt(int adopted)
{
	host = adopted;
}

static int copy_tree(const char *path, unsigned flags)
{
	_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_close_ int at = -1;

	if (root < 0)
		return -1;
	at = root_open(root, path, O_PATH, 0);
	return at < 0 ? -1 : open_tree(at, "", flags | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
}

int mount_namespace_tree(int ns, const char *path, unsigned flags)
{
	_close_ int own = openat(procfs(), "self/ns/mnt", O_RDONLY | O_CLOEXEC);
	_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int tree, saved;

	if (own < 0 || root < 0 || setns(ns, CLONE_NEWNS) < 0)
		return -1;
	tree = copy_tree(path, flags);
	saved = errno;
	/* setns(2) leads to a namespace's root, which may not be ours. */
	if (setns(own, CLONE_NEWNS) < 0 || fchdir(root) < 0 || chroot(".") < 0)
		abort();
	errno = saved;
	return tree;
}
