/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overlayfs' own marks on a layer directory, and which extended attributes an archive may bring or take along.
 * Source: Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories".
 */
#ifndef CAISSON_OVERLAY_ATTR_H
#define CAISSON_OVERLAY_ATTR_H

#include <stdbool.h>
#include <sys/stat.h>

/* overlay_is_whiteout() - A character device 0:0. */
bool overlay_is_whiteout(const struct stat *st);

/* overlay_set_opaque() - @user: mounts in a user namespace read "user.overlay." instead of "trusted.overlay.". -1 with errno. */
int overlay_set_opaque(int fd, bool user);

/* overlay_is_opaque() - Of either form. */
bool overlay_is_opaque(int fd);

/* overlay_is_private_name() - An attribute by which overlayfs would be told where contents are: never from an archive. */
bool overlay_is_private_name(const char *xattr);

#endif
