/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tar_format.h"
#include "tar_stream.h"

/* Large enough that system calls don't count, small enough to stay in the processor's cache between read and write. */
#define BUFFER_SIZE (256u << 10)

int stream_init(struct tar_stream *s, tar_source source, void *context, struct err *e)
{
	*s = (struct tar_stream){ .source = source, .context = context, .buffer = malloc(BUFFER_SIZE) };
	return s->buffer ? 0 : fail(e, ENOMEM, "archive buffer");
}

void stream_free(struct tar_stream *s)
{
	free(s->buffer);
	s->buffer = NULL;
}

int stream_cut_short(struct err *e)
{
	return fail(e, EINVAL, "archive ends in the middle of an entry");
}

/* more() - Read on behind what is buffered. Return: 1, 0 at the end of the source, -1 with @e. */
static int more(struct tar_stream *s, struct err *e)
{
	ssize_t n;

	if (s->start == s->end)
		s->start = s->end = 0;
	n = RETRY(s->source(s->context, s->buffer + s->end, BUFFER_SIZE - s->end));
	if (n < 0)
		return fail(e, errno, "read archive");
	s->end += (size_t)n;
	return n > 0;
}

const void *stream_block(struct tar_stream *s, struct err *e)
{
	const void *block;
	int result;

	if (s->end - s->start < TAR_BLOCK && s->start > 0) {
		memmove(s->buffer, s->buffer + s->start, s->end - s->start);
		s->end -= s->start;
		s->start = 0;
	}
	while (s->end - s->start < TAR_BLOCK) {
		result = more(s, e);
		if (result == 0 && s->end != s->start)
			stream_cut_short(e);
		if (result <= 0)
			return NULL;
	}
	block = s->buffer + s->start;
	s->start += TAR_BLOCK;
	return block;
}

int stream_take(struct tar_stream *s, uint64_t limit, const uint8_t **data, size_t *len, struct err *e)
{
	int result;

	if (s->start == s->end) {
		result = more(s, e);
		if (result <= 0)
			return result < 0 ? -1 : stream_cut_short(e);
	}
	*data = s->buffer + s->start;
	*len = s->end - s->start;
	if (*len > limit)
		*len = (size_t)limit;
	s->start += *len;
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
		s->start = s->end;
		result = more(s, e);
	} while (result > 0);
	return result;
}
