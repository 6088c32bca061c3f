/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on files: in the root, where every path is resolved inside of it, and on the host. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "archive.h"
#include "cgroup_claim.h"
#include "kernel.h"
#include "owner.h"
#include "plan.h"
#include "procfs.h"
#include "protocol.h"

static int op_root(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE];
	int fd;

	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "%s", path);
	close_fdp(&p->root);
	p->root = fd;
	return 0;
}

/* open_parent() - Open the parent directory of an in-root path, made where missing; @leaf points into @path. */
static int open_parent(struct plan *p, char *path, char **leaf, struct err *e)
{
	size_t len = strlen(path);
	char *slash;
	int fd;

	while (len > 0 && path[len - 1] == '/')
		path[--len] = 0;
	slash = strrchr(path, '/');
	*leaf = slash ? slash + 1 : path;
	if (!**leaf || !strcmp(*leaf, ".") || !strcmp(*leaf, ".."))
		return fail(e, EINVAL, "path %s", path);
	if (slash)
		*slash = 0;
	fd = root_mkdirs(p->root, slash ? path : "", 0755);
	if (fd < 0)
		return fail(e, errno, "parent of %s", *leaf);
	return fd;
}

/* own() - Give a new file to UID and GID. Return: 0, or -1 with errno. */
static int own(int fd, struct slice args)
{
	uint64_t uid = arg_u64_or(args, ARG_UID, 0), gid = arg_u64_or(args, ARG_GID, 0);

	return uid || gid ? owner_change(fd, "", (uint32_t)uid, (uint32_t)gid, AT_EMPTY_PATH) : 0;
}

static int op_mkdir(struct plan *p, struct slice args, struct err *e)
{
	_close_ int fd = -1;
	_close_ int existing = -1;
	char path[PATH_SIZE];

	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	existing = root_open(p->root, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (existing >= 0)
		return 0;
	fd = root_mkdirs(p->root, path, (uint32_t)arg_u64_or(args, ARG_MODE, 0755));
	if (fd < 0)
		return fail(e, errno, "%s", path);
	return own(fd, args) < 0 ? fail(e, errno, "owner of %s", path) : 0;
}

static int touch(struct plan *p, char *path, mode_t mode, struct err *e)
{
	_close_ int parent = -1, fd = -1;
	_close_ int existing = -1;
	char *leaf;

	existing = root_open(p->root, path, O_PATH | O_CLOEXEC, 0);
	if (existing >= 0)
		return 0;
	parent = open_parent(p, path, &leaf, e);
	if (parent < 0)
		return -1;
	fd = openat(parent, leaf, O_CREAT | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, mode);
	return fd < 0 ? fail(e, errno, "%s", leaf) : 0;
}

static int op_touch(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE];

	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	return touch(p, path, (mode_t)arg_u64_or(args, ARG_MODE, 0644), e);
}

static int op_mount_point(struct plan *p, struct slice args, struct err *e)
{
	_close_ int existing = -1, directory = -1;
	char path[PATH_SIZE], place[PATH_MAX];
	struct stat st;
	int fd;

	if (arg_open_slot(p, args, ARG_SLOT, &fd, e) < 0 || arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	existing = root_open(p->root, path, O_PATH, 0);
	if (existing >= 0)
		return 0;
	/* A link of the image may name what is not there: that is the place then, as with Docker. */
	if (fstat(fd, &st) < 0 || root_follow(p->root, path, place) < 0)
		return fail(e, errno, "%s", path);
	if (!S_ISDIR(st.st_mode))
		return touch(p, place, 0644, e);
	directory = root_mkdirs(p->root, place, 0755);
	return directory < 0 ? fail(e, errno, "%s", path) : 0;
}

static int op_mknod(struct plan *p, struct slice args, struct err *e)
{
	_close_ int parent = -1;
	char path[PATH_SIZE], *leaf;
	uint64_t mode, dev;

	if (arg_path(args, ARG_PATH, path, e) < 0 || arg_u64(args, ARG_MODE, &mode, e) < 0 || arg_u64(args, ARG_DEV, &dev, e) < 0)
		return -1;
	parent = open_parent(p, path, &leaf, e);
	if (parent < 0)
		return -1;
	if (mknodat(parent, leaf, (mode_t)mode, (dev_t)dev) < 0)
		return fail(e, errno, "%s", leaf);
	/* Independent of the umask. The node is new and its name was not followed. */
	if (!S_ISLNK((mode_t)mode) && fchmodat(parent, leaf, (mode_t)mode & 07777, 0) < 0)
		return fail(e, errno, "mode of %s", leaf);
	return 0;
}

static int op_symlink(struct plan *p, struct slice args, struct err *e)
{
	_close_ int parent = -1;
	char path[PATH_SIZE], target[PATH_SIZE], *leaf;

	if (arg_path(args, ARG_PATH, path, e) < 0 || arg_path(args, ARG_DATA, target, e) < 0)
		return -1;
	parent = open_parent(p, path, &leaf, e);
	if (parent < 0)
		return -1;
	return symlinkat(target, parent, leaf) < 0 ? fail(e, errno, "%s", leaf) : 0;
}

static int op_write(struct plan *p, struct slice args, struct err *e)
{
	_close_ int parent = -1, fd = -1;
	char path[PATH_SIZE], *leaf;
	struct slice data;

	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	if (!find_slice(args, ARG_DATA, &data))
		return fail(e, EINVAL, "contents");
	parent = open_parent(p, path, &leaf, e);
	if (parent < 0)
		return -1;
	fd = openat(parent, leaf, O_CREAT | O_TRUNC | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, (mode_t)arg_u64_or(args, ARG_MODE, 0644));
	if (fd < 0 || write_once(fd, data) < 0 || own(fd, args) < 0)
		return fail(e, errno, "%s", leaf);
	return 0;
}

static int op_host_mkdir(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE];

	(void)p;
	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	if (mkdir(path, (mode_t)arg_u64_or(args, ARG_MODE, 0755)) < 0 && errno != EEXIST)
		return fail(e, errno, "%s", path);
	return 0;
}

static int op_cgroup(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE];

	(void)p;
	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	return cgroup_claim(path) < 0 ? fail(e, errno, "%s", path) : 0;
}

static int op_host_chown(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE];
	uint64_t uid, gid;

	(void)p;
	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	if (!find_u64(args, ARG_UID, &uid) || !find_u64(args, ARG_GID, &gid))
		return fail(e, EINVAL, "owner");
	return owner_change(AT_FDCWD, path, (uint32_t)uid, (uint32_t)gid, AT_SYMLINK_NOFOLLOW) < 0 ? fail(e, errno, "%s", path) : 0;
}

static int op_host_write(struct plan *p, struct slice args, struct err *e)
{
	_close_ int fd = -1;
	char path[PATH_SIZE];
	struct slice data;
	uint64_t mode;
	int create = 0;

	(void)p;
	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	if (!find_slice(args, ARG_DATA, &data))
		return fail(e, EINVAL, "contents");
	if (find_u64(args, ARG_MODE, &mode))
		create = O_CREAT | O_TRUNC;
	else
		mode = 0;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | create, (mode_t)mode);
	if (fd < 0 || write_once(fd, data) < 0)
		return fail(e, errno, "%s", path);
	return 0;
}

static int op_sysctl(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE], full[PATH_SIZE + 8];
	struct open_how how = { .flags = O_WRONLY | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	_close_ int fd = -1;
	struct slice data;

	(void)p;
	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	if (!find_slice(args, ARG_DATA, &data))
		return fail(e, EINVAL, "value");
	snprintf(full, sizeof(full), "sys/%s", path);
	fd = kernel_openat2(procfs(), full, &how);
	if (fd < 0 || write_once(fd, data) < 0)
		return fail(e, errno, "%s", path);
	return 0;
}

const struct operation file_operations[] = {
	{ OP_ROOT, false, "root", op_root },
	{ OP_MKDIR, false, "mkdir", op_mkdir },
	{ OP_TOUCH, false, "create file", op_touch },
	{ OP_MOUNT_POINT, false, "mount point", op_mount_point },
	{ OP_MKNOD, false, "mknod", op_mknod },
	{ OP_SYMLINK, false, "symlink", op_symlink },
	{ OP_WRITE, false, "write file", op_write },
	{ OP_HOST_MKDIR, true, "mkdir", op_host_mkdir },
	{ OP_HOST_WRITE, true, "write", op_host_write },
	{ OP_CGROUP, true, "cgroup", op_cgroup },
	{ OP_HOST_CHOWN, true, "chown", op_host_chown },
	{ OP_SYSCTL, false, "sysctl", op_sysctl },
	{ 0 },
};
