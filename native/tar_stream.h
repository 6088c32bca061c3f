/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of an archive, as views into the memory of a source: a buffer over a callback, or what another process fills. */
#ifndef CAISSON_TAR_STREAM_H
#define CAISSON_TAR_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/*
 * A source has bytes in hand: @len at @data. @more lets go of the first @used of them and gets others behind the rest.
 * Return: 1, 0 at the end (the rest stays in hand), -1 with @e.
 */
struct tar_source {
	int (*more)(struct tar_source *s, size_t used, struct err *e);
	const uint8_t *data;
	size_t len;
};

/* A source that reads. @read: bytes, 0 at the end, -1 with errno (EINTR is retried). */
struct tar_buffer {
	struct tar_source source;
	ssize_t (*read)(void *context, void *buffer, size_t size);
	void *context;
	uint8_t *memory;
};

int tar_buffer_init(struct tar_buffer *b, ssize_t (*read)(void *context, void *buffer, size_t size), void *context,
		    struct err *e);
void tar_buffer_free(struct tar_buffer *b);

/* read_descriptor() - For a buffer whose context is an int. */
ssize_t read_descriptor(void *context, void *buffer, size_t size);

struct tar_stream {
	struct tar_source *source;
	size_t used;		/* of what the source has in hand */
};

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
