/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streaming reader of tar archives: ustar, GNU (long names, sparse, base-256 numbers) and pax. It trusts nothing, takes
 * its bytes from a source, and keeps a bounded amount of memory whatever the archive says.
 */
#ifndef CAISSON_TAR_READ_H
#define CAISSON_TAR_READ_H

#include "err.h"
#include "tar_format.h"
#include "tar_pax.h"
#include "tar_sparse.h"
#include "tar_stream.h"

struct tar_reader {
	struct tar_stream stream;
	uint64_t left;		/* stored bytes of the current entry still to come */
	uint64_t padding;	/* bytes after them up to the next block */
	uint64_t offset;	/* in the contents, of a file that isn't sparse */
	bool is_sparse;
	struct tar_sparse sparse;
	size_t extent;		/* current one of @sparse, and how much of it is done */
	uint64_t extent_done;

	struct pax pax;
	char *pax_data;
	size_t pax_len;
	char name[TAR_NAME_SIZE], link[TAR_NAME_SIZE];
};

/* A piece of the contents, valid until the next call. */
struct tar_chunk {
	const uint8_t *data;
	size_t len;
	uint64_t offset;	/* in the file; jumps over holes */
};

/* tar_reader_init() - @source stays the caller's, who leaves it alone until tar_reader_free(). */
void tar_reader_init(struct tar_reader *r, struct tar_source *source);
void tar_reader_free(struct tar_reader *r);

/*
 * tar_next() - Skip what is left of the current entry and read the header of the next one. @entry's pointers are valid
 * until the next call. At the end of the archive, the source is read to its end.
 * Return: 1, 0 at the end of the archive, -1 with @e.
 */
int tar_next(struct tar_reader *r, struct tar_entry *entry, struct err *e);

/* tar_data() - Next piece of the current entry's contents. Return: 1, 0 when there is no more, -1 with @e. */
int tar_data(struct tar_reader *r, struct tar_chunk *chunk, struct err *e);

#endif
