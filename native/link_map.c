/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "link_map.h"

struct link {
	dev_t dev;
	ino_t ino;
	char *name;		/* NULL: free slot */
};

static struct link *find(const struct link_map *m, dev_t dev, ino_t ino)
{
	/* Fibonacci hashing: inode numbers are mostly consecutive. */
	size_t at = (size_t)((ino ^ dev << 32) * UINT64_C(0x9e3779b97f4a7c15) >> 32);

	for (;; at++) {
		struct link *l = &m->slots[at & (m->cap - 1)];

		if (!l->name || (l->dev == dev && l->ino == ino))
			return l;
	}
}

static int grow(struct link_map *m)
{
	struct link_map bigger = { .count = m->count, .cap = m->cap ? m->cap * 2 : 64 };

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -1;
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].name)
			*find(&bigger, m->slots[i].dev, m->slots[i].ino) = m->slots[i];
	free(m->slots);
	*m = bigger;
	return 0;
}

const char *link_map_find(const struct link_map *m, dev_t dev, ino_t ino)
{
	return m->cap ? find(m, dev, ino)->name : NULL;
}

int link_map_add(struct link_map *m, dev_t dev, ino_t ino, const char *name)
{
	char *copy;

	if (m->count * 2 >= m->cap && grow(m) < 0)
		return -1;
	copy = strdup(name);
	if (!copy)
		return -1;
	*find(m, dev, ino) = (struct link){ dev, ino, copy };
	m->count++;
	/* cppcheck-suppress memleak ; it is in the table */
	return 0;
}

void link_map_free(struct link_map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		free(m->slots[i].name);
	free(m->slots);
	*m = (struct link_map){ 0 };
}
