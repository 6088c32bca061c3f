/* SPDX-License-Identifier: Apache-2.0 */
/* One name of a directory, made again in another: with owner, mode, extended attributes and time. Nothing is followed. */
#ifndef CAISSON_COPY_ENTRY_H
#define CAISSON_COPY_ENTRY_H

#include <stdbool.h>
#include <sys/stat.h>

#include "err.h"

/*
 * copy_entry() - Anything but a directory. @st: of @name in @from.
 * @link: as one more name of the same file, where that is possible
 */
int copy_entry(int to, int from, const char *name, const struct stat *st, bool link, struct err *e);

/* copy_open_dir() - Not followed. Return: a descriptor, or -1 with errno. */
int copy_open_dir(int parent, const char *name);

#endif
