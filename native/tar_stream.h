/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of an archive: a bounded buffer over a callback, so that a test or a fuzzer can be the source. */
#ifndef CAISSON_TAR_STREAM_H
#define CAISSON_TAR_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/* Return: bytes read, 0 at the end, -1 with errno (EINTR is retried). */
typedef ssize_t (*tar_source)(void *context, void *buffer, size_t size);

struct tar_stream {
	tar_source source;
	void *context;
	uint8_t *buffer;
	size_t start, end;	/* what of @buffer isn't consumed yet */
};

int stream_init(struct tar_stream *s, tar_source source, void *context, struct err *e);
void stream_free(struct tar_stream *s);

/* stream_block() - A whole block; NULL at the clean end (e->no is 0 then, when it was before) or with @e after a failure. */
const void *stream_block(struct tar_stream *s, struct err *e);

/* stream_take() - The next bytes, at most @limit and at least one, valid until the next call. Return: 1, or -1 with @e. */
int stream_take(struct tar_stream *s, uint64_t limit, const uint8_t **data, size_t *len, struct err *e);

/* stream_skip() - Return: 0, or -1 with @e when the source ends before. */
int stream_skip(struct tar_stream *s, uint64_t count, struct err *e);

/* stream_drain() - Read to the end of the source. */
int stream_drain(struct tar_stream *s, struct err *e);

/* stream_cut_short() - The failure of an archive that ends too early. */
int stream_cut_short(struct err *e);

#endif
