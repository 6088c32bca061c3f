/* SPDX-License-Identifier: Apache-2.0 */
/* The map of a sparse file: which parts of it the archive holds, in order. */
#ifndef CAISSON_TAR_SPARSE_H
#define CAISSON_TAR_SPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tar_format.h"

struct tar_extent {
	uint64_t offset, length;
};

struct tar_sparse {
	struct tar_extent *extents;
	size_t count, cap;
};

/* sparse_add() - Append an extent. Return: false when negative, out of bounds, or out of memory. */
bool sparse_add(struct tar_sparse *s, int64_t offset, int64_t length);

/* sparse_add_list() - Append "offset,length,offset,length..." (GNU.sparse.map of pax format 0.1). */
bool sparse_add_list(struct tar_sparse *s, const char *text);

/* sparse_add_gnu() - Append the @count 24-byte slots of a GNU header or of an extension block; an empty slot ends them. */
bool sparse_add_gnu(struct tar_sparse *s, const char *slots, size_t count);

/* sparse_valid() - Are the extents in order, apart, within @size and @stored bytes together? */
bool sparse_valid(const struct tar_sparse *s, uint64_t size, uint64_t stored);

void sparse_free(struct tar_sparse *s);

#endif
