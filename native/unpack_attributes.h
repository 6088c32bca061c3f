/* SPDX-License-Identifier: Apache-2.0 */
/* Owner, mode, extended attributes and time of an unpacked entry, in the only order that works. */
#ifndef CAISSON_UNPACK_ATTRIBUTES_H
#define CAISSON_UNPACK_ATTRIBUTES_H

#include <stdbool.h>

#include "err.h"
#include "tar_format.h"

/* attributes_check() - Refuse attributes that would speak to overlayfs. */
int attributes_check(const struct tar_entry *entry, struct err *e);

/*
 * attributes_apply() - To an open file or directory.
 * @fresh:	it was created with mode & 0777 by this process, so that what already is right can be skipped
 * @own:	it has our own user and group already
 * Directories get their time later.
 */
int attributes_apply(int fd, const struct tar_entry *entry, bool fresh, bool own, struct err *e);

/* attributes_apply_at() - To a link, device or FIFO that this process created; its name isn't followed. */
int attributes_apply_at(int parent, const char *leaf, const struct tar_entry *entry, struct err *e);

#endif
