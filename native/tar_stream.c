/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"
#include "tar_format.h"
#include "tar_stream.h"

/* Large enough that system calls don't count, small enough to stay in the processor's cache between read and write. */
#define BUFFER_SIZE (256u << 10)

ssize_t read_descriptor(void *context, void *buffer, size_t size)
{
	return read(*(const int *)context, buffer, size);
}

static int read_more(struct tar_source *source, size_t used, struct err *e)
{
	struct tar_buffer *b = container_of(source, struct tar_buffer, source);
	size_t rest = source->len - used;
	ssize_t n;

	/* The rest is less than a block, unless somebody asks for more than he takes. */
	memmove(b->memory, source->data + used, rest);
	source->data = b->memory;
	source->len = rest;
	n = RETRY(b->read(b->context, b->memory + rest, BUFFER_SIZE - rest));
	if (n < 0)
		return fail(e, errno, "read archive");
	source->len += (size_t)n;
	return n > 0;
}

int tar_buffer_init(struct tar_buffer *b, ssize_t (*read)(void *context, void *buffer, size_t size), void *context,
		    struct err *e)
{
	*b = (struct tar_buffer){ .source = { .more = read_more }, .read = read, .context = context, .memory = malloc(BUFFER_SIZE) };
	b->source.data = b->memory;
	return b->memory ? 0 : fail(e, ENOMEM, "archive buffer");
}

void tar_buffer_free(struct tar_buffer *b)
{
	free(b->memory);
	b->memory = NULL;
}

int stream_cut_short(struct err *e)
{
	return fail(e, EINVAL, "archive ends in the middle of an entry");
}

/* more() - Return: 1, 0 at the end of the source, -1 with @e. */
static int more(struct tar_stream *s, struct err *e)
{
	size_t used = s->used;

	s->used = 0;
	return s->source->more(s->source, used, e);
}

const void *stream_block(struct tar_stream *s, struct err *e)
{
	const void *block;
	int result;

	while (s->source->len - s->used < TAR_BLOCK) {
		result = more(s, e);
		if (result == 0 && s->source->len > 0)
			stream_cut_short(e);
		if (result <= 0)
			return NULL;
	}
	block = s->source->data + s->used;
	s->used += TAR_BLOCK;
	return block;
}

int stream_take(struct tar_stream *s, uint64_t limit, const uint8_t **data, size_t *len, struct err *e)
{
	int result;

	if (s->used == s->source->len) {
		result = more(s, e);
		if (result <= 0)
			return result < 0 ? -1 : stream_cut_short(e);
	}
	*data = s->source->data + s->used;
	*len = s->source->len - s->used;
	if (*len > limit)
		*len = (size_t)limit;
	s->used += *len;
	return 1;
}

int stream_skip(struct tar_stream *s, uint64_t count, struct err *e)
{
	const uint8_t *data;
	size_t len = 0;

	for (; count > 0; count -= len)
		if (stream_take(s, count, &data, &len, e) < 0)
			return -1;
	return 0;
}

int stream_drain(struct tar_stream *s, struct err *e)
{
	int result;

	do {
		s->used = s->source->len;
		result = more(s, e);
	} while (result > 0);
	return result;
}
