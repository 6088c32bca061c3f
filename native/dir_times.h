/* SPDX-License-Identifier: Apache-2.0 */
/* Times of unpacked directories, kept until nothing is created in them any more. */
#ifndef CAISSON_DIR_TIMES_H
#define CAISSON_DIR_TIMES_H

#include <stddef.h>
#include <time.h>

#include "err.h"

struct dir_times {
	struct dir_time *items;
	size_t count, cap;
};

int dir_times_add(struct dir_times *d, const char *path, struct timespec mtime, struct err *e);

/* dir_times_path() - Of the directory that was added as number @i. */
const char *dir_times_path(const struct dir_times *d, size_t i);

/* dir_times_apply() - Set the times of what still is a directory below @root. */
int dir_times_apply(const struct dir_times *d, int root, struct err *e);

void dir_times_free(struct dir_times *d);

#endif
