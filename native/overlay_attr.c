/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "overlay_attr.h"

bool overlay_is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

int overlay_set_opaque(int fd, bool user)
{
	return fsetxattr(fd, user ? "user.overlay.opaque" : "trusted.overlay.opaque", "y", 1, 0);
}

bool overlay_is_opaque(int fd)
{
	char value;

	return (fgetxattr(fd, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y') ||
	       (fgetxattr(fd, "user.overlay.opaque", &value, 1) == 1 && value == 'y');
}

bool overlay_is_private_name(const char *xattr)
{
	return !strncmp(xattr, "trusted.overlay.", 16) || !strncmp(xattr, "user.overlay.", 13);
}
