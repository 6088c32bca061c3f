/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "tar_sparse.h"

/* 16 MiB of map. GNU tar itself would need a file with that many holes to get there. */
#define EXTENTS_MAX (1u << 20)

bool sparse_add(struct tar_sparse *s, int64_t offset, int64_t length)
{
	if (offset < 0 || length < 0 || s->count >= EXTENTS_MAX)
		return false;
	if (s->count == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 16;
		struct tar_extent *extents = realloc(s->extents, cap * sizeof(*extents));

		if (!extents)
			return false;
		s->extents = extents;
		s->cap = cap;
	}
	s->extents[s->count++] = (struct tar_extent){ (uint64_t)offset, (uint64_t)length };
	return true;
}

bool sparse_add_list(struct tar_sparse *s, const char *text)
{
	while (*text) {
		const char *comma = strchr(text, ','), *end;
		int64_t offset, length;

		if (!comma)
			return false;
		end = strchrnul(comma + 1, ',');
		if (!tar_decimal(text, comma, &offset) || !tar_decimal(comma + 1, end, &length) || !sparse_add(s, offset, length))
			return false;
		text = *end ? end + 1 : end;
	}
	return true;
}

bool sparse_add_gnu(struct tar_sparse *s, const char *slots, size_t count)
{
	for (; count > 0 && slots[0]; slots += 24, count--) {
		int64_t offset, length;

		if (!tar_number(slots, 12, &offset) || !tar_number(slots + 12, 12, &length) || !sparse_add(s, offset, length))
			return false;
	}
	return true;
}

bool sparse_valid(const struct tar_sparse *s, uint64_t size, uint64_t stored)
{
	uint64_t at = 0, sum = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct tar_extent *x = &s->extents[i];

		/* Both are below 2^63, so that the sum can't wrap. */
		if (x->offset < at || x->offset + x->length > size)
			return false;
		at = x->offset + x->length;
		sum += x->length;
	}
	return sum == stored;
}

void sparse_free(struct tar_sparse *s)
{
	free(s->extents);
	*s = (struct tar_sparse){ 0 };
}
