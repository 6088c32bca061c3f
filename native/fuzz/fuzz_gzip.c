/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a gzip file, and as the blocks of one, in odd pieces and rooms. Whatever comes out lies in the room that
 * was given, and a file that isn't refused has the length that it says. Blocks are taken and refused as zlib does, and
 * become the same bytes.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

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
	uint8_t plain[PLAIN_MAX];
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
	if (output_total(out) > PLAIN_MAX)
		return fail(e, EFBIG, "enough");
	memcpy(s->plain + out->written, out->room, (size_t)(out->at - out->room));
	out->written = output_total(out);
	memmove(s->memory, out->at - INFLATE_WINDOW, INFLATE_WINDOW);
	out->room = out->at = s->memory + INFLATE_WINDOW;
	return 0;
}

static struct inflate inflate_state;
static struct input input;
static struct sink sink;

static void begin(struct memory *m)
{
	struct output *out = &sink.output;

	sink.room = INFLATE_ROOM + m->left % 5003;
	/* Of its own size, so that the sanitizer sees the first byte behind it. */
	sink.memory = malloc(INFLATE_WINDOW + sink.room);
	assert(sink.memory);
	memset(sink.memory, 0, INFLATE_WINDOW);
	*out = (struct output){ .more = sink_more, .room = sink.memory + INFLATE_WINDOW };
	out->at = out->room;
	out->limit = out->at + sink.room;
	input.read = read_memory;
	input.context = m;
	input.next = input.end = input.buffer;
	input.ended = false;
	inflate_init(&inflate_state);
}

static void unpack(const uint8_t *data, size_t size)
{
	struct memory m = { data, size, 1 + size % 1021 };
	struct err e = ERR_INIT;

	begin(&m);
	if (gzip_decode(&inflate_state, &input, &sink.output, &e) == 0)
		assert(m.left == 0 && input.next == input.end);
	else
		assert(e.no != 0 && e.text[0]);
	free(sink.memory);
}

/* zlib_inflate() - Return: Z_STREAM_END, or why not; Z_BUF_ERROR for what is cut short, and for what is too much. */
static int zlib_inflate(const uint8_t *data, size_t size, uint8_t *plain, size_t *len, size_t *used)
{
	z_stream z = { .next_in = (uint8_t *)(uintptr_t)data, .avail_in = (uInt)size, .next_out = plain, .avail_out = PLAIN_MAX };
	int result;

	assert(inflateInit2(&z, -MAX_WBITS) == Z_OK);
	result = inflate(&z, Z_FINISH);
	*len = z.total_out;
	*used = z.total_in;
	inflateEnd(&z);
	return result;
}

static void compare(const uint8_t *data, size_t size)
{
	static uint8_t plain[PLAIN_MAX];
	/* Something was written before, which is none of this stream's business. */
	size_t before = size % 700, len, used;
	struct memory m = { data, size, 1 + size % 1021 };
	struct err e = ERR_INIT;
	int theirs = zlib_inflate(data, size, plain, &len, &used);

	begin(&m);
	memset(sink.output.at, 'b', before);
	sink.output.at += before;
	if (inflate_stream(&inflate_state, &input, &sink.output, &e) < 0 || sink_more(&sink.output, &e) < 0) {
		assert(theirs != Z_STREAM_END || e.no == EFBIG);
	} else {
		assert(theirs == Z_STREAM_END || len == PLAIN_MAX);
		assert(theirs != Z_STREAM_END || (sink.output.written == before + len && !memcmp(sink.plain + before, plain, len)));
		assert(theirs != Z_STREAM_END || m.left + (size_t)(input.end - input.next) == size - used);
	}
	free(sink.memory);
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
	compare(data, size);
	/* Of a file in the corpus, what is behind its header. */
	if (size > sizeof(header) && data[0] == header[0] && data[1] == header[1])
		compare(data + sizeof(header), size - sizeof(header));
	free(copy);
	return 0;
}
