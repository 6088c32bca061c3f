/* SPDX-License-Identifier: Apache-2.0 */
/* The names in a directory, sorted bytewise: the order of a reproducible archive. */
#ifndef CAISSON_DIR_NAMES_H
#define CAISSON_DIR_NAMES_H

#include <stddef.h>

struct dir_names {
	char **items;
	size_t count, cap;
};

/* dir_names_read() - @fd stays open. Return: 0, or -1 with errno; free in either case. */
int dir_names_read(struct dir_names *d, int fd);

/* dir_names_read_dirs() - Of directories alone, where the file system tells types apart (readdir(3)). */
int dir_names_read_dirs(struct dir_names *d, int fd);

void dir_names_free(struct dir_names *d);

#endif
