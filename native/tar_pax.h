/* SPDX-License-Identifier: Apache-2.0 */
/* Pax extended headers: what they say about the entry that follows. */
#ifndef CAISSON_TAR_PAX_H
#define CAISSON_TAR_PAX_H

#include "err.h"
#include "tar_format.h"
#include "tar_sparse.h"

/* Strings and values point into the parsed buffer; NULL or -1: not said. */
struct pax {
	const char *path, *linkpath;
	int64_t size, uid, gid;
	bool has_mtime;
	int64_t mtime;
	uint32_t mtime_nsec;
	struct tar_xattr xattrs[TAR_XATTR_MAX];
	size_t xattr_count;

	/* GNU.sparse.*, formats 0.0, 0.1 and 1.0 */
	bool is_sparse;
	bool map_in_data;	/* 1.0 */
	int64_t sparse_offset;	/* 0.0: waits for its numbytes */
	int64_t real_size;
	const char *sparse_name;
};

/*
 * pax_parse() - Read the records of an extended header; @data is modified (keys and values are terminated in place).
 * Extents of sparse formats 0.x go to @sparse. Unknown keys are ignored, as POSIX says.
 */
int pax_parse(char *data, size_t len, struct pax *pax, struct tar_sparse *sparse, struct err *e);

#endif
