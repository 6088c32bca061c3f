/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on mounts. Whatever comes from the host is opened before the root is entered; targets are resolved inside
 * the root and mounted on by descriptor, so that a path that changes meanwhile can't redirect a mount.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "archive.h"
#include "kernel.h"
#include "plan.h"
#include "protocol.h"

static int op_open_tree(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE];
	int fd;

	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	fd = open_tree(AT_FDCWD, path, (unsigned)arg_u64_or(args, ARG_FLAGS, 0) | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "%s", path);
	return store_slot(p, args, ARG_SLOT, fd, e);
}

static int op_open_tree_in_root(struct plan *p, struct slice args, struct err *e)
{
	_close_ int at = -1;
	char path[PATH_SIZE];
	int fd;

	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	at = root_open(p->root, path, O_PATH | O_CLOEXEC, 0);
	if (at < 0)
		return fail(e, errno, "%s", path);
	fd = open_tree(at, "", (unsigned)arg_u64_or(args, ARG_FLAGS, 0) | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (fd < 0)
		return fail(e, errno, "%s", path);
	return store_slot(p, args, ARG_SLOT, fd, e);
}

static int op_fsopen(struct plan *p, struct slice args, struct err *e)
{
	char name[64];
	int fd;

	if (!find_text(args, ARG_NAME, name, sizeof(name)))
		return fail(e, EINVAL, "file system name");
	fd = fsopen(name, FSOPEN_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "%s", name);
	return store_slot(p, args, ARG_SLOT, fd, e);
}

/* The kernel says why a file system refused an option only as a line to be read from the context. */
static int fs_failure(int context, int no, const char *what, struct err *e)
{
	char line[96];
	ssize_t n = read(context, line, sizeof(line) - 1);

	if (n <= 0)
		return fail(e, no, "%s", what);
	line[n] = 0;
	line[strcspn(line, "\n")] = 0;
	/* It begins with its level: "e ", "w " or "i ". */
	return fail(e, no, "%.48s (%s)", what, n > 2 && line[1] == ' ' ? line + 2 : line);
}

static int op_fsconfig(struct plan *p, struct slice args, struct err *e)
{
	char name[64], value[256];
	uint64_t command;
	int context, fd = 0;
	int r;

	if (arg_open_slot(p, args, ARG_SLOT, &context, e) < 0 || arg_u64(args, ARG_COMMAND, &command, e) < 0)
		return -1;
	if (!find_text(args, ARG_NAME, name, sizeof(name)))
		return fail(e, EINVAL, "option name");
	switch (command) {
	case FSCONFIG_SET_FLAG:
		r = fsconfig(context, FSCONFIG_SET_FLAG, name, NULL, 0);
		break;
	case FSCONFIG_SET_STRING:
		if (!find_text(args, ARG_DATA, value, sizeof(value)))
			return fail(e, EINVAL, "value of %s", name);
		r = fsconfig(context, FSCONFIG_SET_STRING, name, value, 0);
		break;
	case FSCONFIG_SET_FD:
		if (arg_open_slot(p, args, ARG_SLOT2, &fd, e) < 0)
			return -1;
		r = fsconfig(context, FSCONFIG_SET_FD, name, NULL, fd);
		break;
	default:
		return fail(e, EINVAL, "command %llu", (unsigned long long)command);
	}
	return r < 0 ? fs_failure(context, errno, name, e) : 0;
}

static int op_fsmount(struct plan *p, struct slice args, struct err *e)
{
	int context, fd;

	if (arg_open_slot(p, args, ARG_SLOT, &context, e) < 0)
		return -1;
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fs_failure(context, errno, "create", e);
	fd = fsmount(context, FSMOUNT_CLOEXEC, (unsigned)arg_u64_or(args, ARG_FLAGS, 0));
	if (fd < 0)
		return fs_failure(context, errno, "mount", e);
	return store_slot(p, args, ARG_SLOT2, fd, e);
}

static int op_mount_setattr(struct plan *p, struct slice args, struct err *e)
{
	struct mount_attr attr = {
		.attr_set = arg_u64_or(args, ARG_SET, 0),
		.attr_clr = arg_u64_or(args, ARG_CLEAR, 0),
		.propagation = arg_u64_or(args, ARG_PROPAGATION, 0),
	};
	int fd;

	if (arg_open_slot(p, args, ARG_SLOT, &fd, e) < 0)
		return -1;
	if (mount_setattr(fd, "", (unsigned)arg_u64_or(args, ARG_FLAGS, 0) | AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return fail(e, errno, "attributes %llx", (unsigned long long)attr.attr_set);
	return 0;
}

/*
 * check_place() - The root itself can't be mounted on, and in /proc a mount would hide what the masks are made of, or the
 * masks themselves (CVE-2019-19921): wherever a link of the image led to.
 */
static int check_place(const struct plan *p, int target, const char *path, uint64_t flags, struct err *e)
{
	struct stat st, root;
	struct statfs fs;

	if (fstat(target, &st) < 0 || fstat(p->root, &root) < 0 || fstatfs(target, &fs) < 0)
		return fail(e, errno, "%s", path);
	if (st.st_dev == root.st_dev && st.st_ino == root.st_ino)
		return fail(e, EBUSY, "%s leads to the root", path);
	if (fs.f_type == PROC_SUPER_MAGIC && !(flags & MOVE_INTO_PROC))
		return fail(e, EPERM, "%s leads into /proc", path);
	return 0;
}

/*
 * Below the pseudo file systems no component of a target may be a link that the image placed: a proc or sysfs mounted
 * elsewhere would leave the masks off the real one (CVE-2019-19921). O_NOFOLLOW in every in-root resolution of a final
 * component keeps "/proc -> elsewhere" an error here. MOVE_FOLLOW is for what comes after them.
 */
static int op_move_mount(struct plan *p, struct slice args, struct err *e)
{
	uint64_t flags = arg_u64_or(args, ARG_FLAGS, 0);
	bool follow = flags & MOVE_FOLLOW;
	_close_ int target = -1;
	char path[PATH_SIZE];
	struct stat st;
	int fd;

	if (arg_open_slot(p, args, ARG_SLOT, &fd, e) < 0 || arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	target = root_open(p->root, path, O_PATH | (follow ? 0 : O_NOFOLLOW) | O_CLOEXEC, 0);
	if (target < 0)
		return fail(e, errno, "%s", path);
	if (fstat(target, &st) == 0 && S_ISLNK(st.st_mode))
		return fail(e, ELOOP, "%s is a symbolic link", path);
	if (follow && check_place(p, target, path, flags, e) < 0)
		return -1;
	if (move_mount(fd, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return fail(e, errno, "%s", path);
	return 0;
}

static int op_move_mount_host(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE];
	int fd;

	if (arg_open_slot(p, args, ARG_SLOT, &fd, e) < 0 || arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	if (move_mount(fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return fail(e, errno, "%s", path);
	return 0;
}

static int op_mount(struct plan *p, struct slice args, struct err *e)
{
	char source[PATH_SIZE], target[PATH_SIZE], fstype[64] = "", cwd[PATH_SIZE];
	_close_ int back = -1;
	_free_ char *data = NULL;
	struct slice s;
	int r;

	(void)p;
	if (arg_path(args, ARG_NAME, source, e) < 0 || arg_path(args, ARG_PATH, target, e) < 0)
		return -1;
	find_text(args, ARG_FSTYPE, fstype, sizeof(fstype));
	if (find_slice(args, ARG_DATA, &s)) {
		data = strndup((const char *)s.data, s.len);
		if (!data)
			return fail(e, ENOMEM, "options");
	}
	if (find_text(args, ARG_CWD, cwd, sizeof(cwd))) {
		back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (back < 0 || chdir(cwd) < 0)
			return fail(e, errno, "%s", cwd);
	}
	r = mount(source, target, fstype[0] ? fstype : NULL, arg_u64_or(args, ARG_FLAGS, 0), data);
	if (r < 0)
		fail(e, errno, "%s", target);
	if (back >= 0 && fchdir(back) < 0)
		return fail(e, errno, "working directory");
	return r;
}

static int op_mount_propagation(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE];

	(void)p;
	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	if (mount(NULL, path, NULL, arg_u64_or(args, ARG_FLAGS, 0), NULL) < 0)
		return fail(e, errno, "%s", path);
	return 0;
}

static int op_umount(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE];

	(void)p;
	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	if (umount2(path, (int)arg_u64_or(args, ARG_FLAGS, 0)) < 0)
		return fail(e, errno, "%s", path);
	return 0;
}

/*
 * pivot_root(".", ".") stacks the old root below the new one, so that no directory is needed for it: the old one is then
 * detached through a descriptor (pivot_root(2), NOTES). Private propagation first, or the unmount would travel back.
 */
static int op_pivot_root(struct plan *p, struct slice args, struct err *e)
{
	_close_ int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)args;
	if (old < 0)
		return fail(e, errno, "old root");
	if (fchdir(p->root) < 0)
		return fail(e, errno, "new root");
	if (kernel_pivot_root(".", ".") < 0)
		return fail(e, errno, "pivot_root");
	if (fchdir(old) < 0)
		return fail(e, errno, "old root");
	if (mount(NULL, ".", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail(e, errno, "old root's propagation");
	if (umount2(".", MNT_DETACH) < 0)
		return fail(e, errno, "detach the old root");
	if (chdir("/") < 0)
		return fail(e, errno, "new root");
	return 0;
}

static int op_chroot(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE];

	(void)p;
	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	if (chdir(path) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return fail(e, errno, "%s", path);
	return 0;
}

const struct operation mount_operations[] = {
	{ OP_OPEN_TREE, false, "open_tree", op_open_tree },
	{ OP_OPEN_TREE_IN_ROOT, false, "open_tree in root", op_open_tree_in_root },
	{ OP_FSOPEN, false, "fsopen", op_fsopen },
	{ OP_FSCONFIG, false, "fsconfig", op_fsconfig },
	{ OP_FSMOUNT, false, "fsmount", op_fsmount },
	{ OP_MOUNT_SETATTR, false, "mount_setattr", op_mount_setattr },
	{ OP_MOVE_MOUNT, false, "move_mount", op_move_mount },
	{ OP_MOVE_MOUNT_HOST, false, "move_mount", op_move_mount_host },
	{ OP_MOUNT, false, "mount", op_mount },
	{ OP_MOUNT_PROPAGATION, false, "mount propagation", op_mount_propagation },
	{ OP_UMOUNT, false, "umount", op_umount },
	{ OP_PIVOT_ROOT, false, "pivot_root", op_pivot_root },
	{ OP_CHROOT, false, "chroot", op_chroot },
	{ 0 },
};
