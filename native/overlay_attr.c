/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "err.h"
#include "overlay_attr.h"

#define OWN_WHITEOUT "user.caisson.whiteout"
#define OWN_OPAQUE "user.caisson.opaque"

static bool is_set(int fd, const char *name)
{
	char value;

	return fgetxattr(fd, name, &value, 1) == 1 && value == 'y';
}

bool overlay_is_whiteout(int dir, const char *name, const struct stat *st)
{
	_close_ int fd = -1;

	if (S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0))
		return true;
	if (!S_ISREG(st->st_mode) || st->st_size || st->st_mode & 07777)
		return false;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd >= 0 && is_set(fd, OWN_WHITEOUT);
}

static bool is_on_overlay(int dir)
{
	struct statfs fs;
	int saved = errno;
	bool result = fstatfs(dir, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC;

	errno = saved;
	return result;
}

int overlay_make_whiteout(int dir, const char *name)
{
	_close_ int fd = -1;
	int saved;

	if (mknodat(dir, name, S_IFCHR, 0) == 0)
		return 0;
	/* Refused by anybody else, it would be missing from an overlay that can be mounted. */
	if (errno != EPERM || !is_on_overlay(dir))
		return -1;
	fd = openat(dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (fsetxattr(fd, OWN_WHITEOUT, "y", 1, 0) == 0)
		return 0;
	saved = errno;
	unlinkat(dir, name, 0);
	errno = saved;
	return -1;
}

int overlay_set_opaque(int fd, bool user)
{
	if (fsetxattr(fd, user ? "user.overlay.opaque" : "trusted.overlay.opaque", "y", 1, 0) == 0)
		return 0;
	/* Of an overlay before Linux 6.7. */
	return errno == EPERM || errno == ENOTSUP ? fsetxattr(fd, OWN_OPAQUE, "y", 1, 0) : -1;
}

bool overlay_is_opaque(int fd)
{
	return is_set(fd, "trusted.overlay.opaque") || is_set(fd, "user.overlay.opaque") || is_set(fd, OWN_OPAQUE);
}

bool overlay_is_private_name(const char *xattr)
{
	return !strncmp(xattr, "trusted.overlay.", 16) || !strncmp(xattr, "user.overlay.", 13) || !strcmp(xattr, OWN_WHITEOUT) ||
	       !strcmp(xattr, OWN_OPAQUE);
}
