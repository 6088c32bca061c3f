/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a gzip file, and as the blocks of one, in odd pieces and rooms. Whatever comes out lies in the room that
 * was given, and a file that isn't refused has the length that it says.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gzip.h"
#include "loop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A few bytes may unpack to a thousand times as many. */
#define PLAIN_MAX (256u << 10)

struct memory {
	const uint8_t *data;
	size_t left, piece;
};

struct sink {
	struct output output;
	size_t room;
	uint8_t *memory;	/* the kept window, then the room */
};

static ssize_t read_memory(void *context, void *buffer, size_t size)
{
	struct memory *m = context;
	size_t n = m->left < m->piece ? m->left : m->piece;

	n = n < size ? n : size;
	memcpy(buffer, m->data, n);
	m->data += n;
	m->left -= n;
	return (ssize_t)n;
}

static int sink_more(struct output *out, struct err *e)
{
	struct sink *s = container_of(out, struct sink, output);

	assert(out->room <= out->at && out->at <= out->limit);
	out->written += (uint64_t)(out->at - out->room);
	if (out->written > PLAIN_MAX)
		return fail(e, EFBIG, "enough");
	memmove(s->memory, out->at - INFLATE_WINDOW, INFLATE_WINDOW);
	out->room = out->at = s->memory + INFLATE_WINDOW;
	return 0;
}

static void unpack(const uint8_t *data, size_t size)
{
	static struct inflate inflate;
	static struct input input;
	struct memory m = { data, size, 1 + size % 1021 };
	struct sink s = { .output.more = sink_more, .room = INFLATE_ROOM + size % 5003 };
	struct err e = ERR_INIT;

	/* Of its own size, so that the sanitizer sees the first byte behind it. */
	s.memory = malloc(INFLATE_WINDOW + s.room);
	assert(s.memory);
	memset(s.memory, 0, INFLATE_WINDOW);
	s.output.room = s.output.at = s.memory + INFLATE_WINDOW;
	s.output.limit = s.output.at + s.room;
	input.read = read_memory;
	input.context = &m;
	input.next = input.end = input.buffer;
	input.ended = false;
	inflate_init(&inflate);
	if (gzip_decode(&inflate, &input, &s.output, &e) == 0)
		assert(m.left == 0 && input.next == input.end);
	else
		assert(e.no != 0 && e.text[0]);
	free(s.memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t header[10] = { 0x1f, 0x8b, 8 };
	uint8_t *copy = malloc(sizeof(header) + size);

	assert(copy);
	unpack(data, size);
	/* All that is interesting is behind a valid header. */
	memcpy(copy, header, sizeof(header));
	memcpy(copy + sizeof(header), data, size);
	unpack(copy, sizeof(header) + size);
	free(copy);
	return 0;
}
