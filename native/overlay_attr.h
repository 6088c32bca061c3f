/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overlayfs' own marks on a layer directory, and which extended attributes an archive may bring or take along.
 * Source: Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories".
 */
#ifndef CAISSON_OVERLAY_ATTR_H
#define CAISSON_OVERLAY_ATTR_H

#include <stdbool.h>
#include <sys/stat.h>

/* overlay_is_whiteout() - A character device 0:0, or the form of our own. @st: of @name in @dir, not followed. */
bool overlay_is_whiteout(int dir, const char *name, const struct stat *st);

/*
 * overlay_make_whiteout() - Where the directory is on an overlay itself, which keeps the device for its own use, an empty file without
 * permissions and with an attribute of ours: only our own copies read it, and no overlay can be mounted there anyway. -1 with errno.
 */
int overlay_make_whiteout(int dir, const char *name);

/* overlay_set_opaque() - @user: mounts in a user namespace read "user.overlay." instead of "trusted.overlay.". -1 with errno. */
int overlay_set_opaque(int fd, bool user);

/* overlay_is_opaque() - Of any form. */
bool overlay_is_opaque(int fd);

/* overlay_is_private_name() - An attribute by which overlayfs would be told where contents are: never from an archive. */
bool overlay_is_private_name(const char *xattr);

#endif
