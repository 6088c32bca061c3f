/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decoder of DEFLATE (RFC 1951) for a process of its own: it pulls its input and pushes its output, blocking, and so
 * needs no state between two pieces of either. It trusts nothing: whatever it reads, it stays inside of both buffers.
 */
#ifndef CAISSON_INFLATE_H
#define CAISSON_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

#define INFLATE_WINDOW 32768u	/* how far back a match may reach */
#define INFLATE_ROOM 1024u	/* output that one step of the decoder may write, scratch behind its end included */

#define INPUT_SIZE (128u << 10)
#define INPUT_PADDING 64u	/* zeros behind the end of the input, read as if they were of it */

/* Bytes read ahead. @read: bytes, 0 at the end, -1 with errno (EINTR is retried). */
struct input {
	ssize_t (*read)(void *context, void *buffer, size_t size);
	void *context;
	const uint8_t *next, *end;
	bool ended;
	uint8_t buffer[INPUT_SIZE + INPUT_PADDING];
};

/* input_fill() - Have at least INPUT_PADDING / 2 bytes in hand, unless the input ends before. */
int input_fill(struct input *in, struct err *e);

/*
 * Where the plain bytes go. @more takes what was written before @at and makes room of at least INFLATE_ROOM up to @limit;
 * @at may move, but the last INFLATE_WINDOW bytes before it are those that were written last.
 */
struct output {
	int (*more)(struct output *out, struct err *e);
	uint8_t *at, *limit;
	uint64_t written;	/* before the current room, by whoever implements @more */
	uint8_t *room;		/* where the current room began */
};

static inline uint64_t output_total(const struct output *out)
{
	return out->written + (uint64_t)(out->at - out->room);
}

#define LITERAL_BITS 11
#define DISTANCE_BITS 9

/* For one stream after the other. */
struct inflate {
	uint64_t begin;		/* of the stream, in the output */
	uint32_t literal_meanings[288], distance_meanings[32];
	/* of the current block */
	bool fixed;		/* the tables are those that every decoder knows */
	unsigned literal_count, distance_count;
	uint8_t lengths[288 + 32];
	uint32_t literals[2560], distances[1024];
};

void inflate_init(struct inflate *z);

/* inflate_stream() - One stream of blocks, up to and including the last one; @in goes on at the byte behind it. */
int inflate_stream(struct inflate *z, struct input *in, struct output *out, struct err *e);

#endif
