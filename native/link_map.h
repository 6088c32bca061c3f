/* SPDX-License-Identifier: Apache-2.0 */
/* Names under which files with several links were written first. */
#ifndef CAISSON_LINK_MAP_H
#define CAISSON_LINK_MAP_H

#include <stddef.h>
#include <sys/types.h>

struct link_map {
	struct link *slots;
	size_t count, cap;	/* cap is a power of two */
};

/* link_map_find() - The name that this inode was written with, NULL when it wasn't. */
const char *link_map_find(const struct link_map *m, dev_t dev, ino_t ino);

/* link_map_add() - Remember an inode that isn't there yet. Return: 0, or -1 when out of memory. */
int link_map_add(struct link_map *m, dev_t dev, ino_t ino, const char *name);

void link_map_free(struct link_map *m);

#endif
