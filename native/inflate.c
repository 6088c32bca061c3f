/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blocks of a DEFLATE stream (RFC 1951). What makes it fast: 64 bits of input in a register, refilled without a
 * branch; tables that give symbol, base and extra bits in one step; matches copied in pieces larger than they are.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "inflate.h"
#include "inflate_table.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define LENGTHS_BITS 7		/* of the code in which the lengths of the other codes are written */
#define LENGTHS_SYMBOLS 19
#define LITERAL_SYMBOLS 288
#define DISTANCE_SYMBOLS 32
#define END_OF_BLOCK 256

int input_fill(struct input *in, struct err *e)
{
	size_t have = (size_t)(in->end - in->next);

	if (in->ended || have >= INPUT_PADDING / 2)
		return 0;
	memmove(in->buffer, in->next, have);
	while (!in->ended && have < INPUT_PADDING / 2) {
		ssize_t n = RETRY(in->read(in->context, in->buffer + have, INPUT_SIZE - have));

		if (n < 0)
			return fail(e, errno, "read archive");
		in->ended = n == 0;
		have += (size_t)n;
	}
	in->next = in->buffer;
	in->end = in->buffer + have;
	memset(in->buffer + have, 0, INPUT_PADDING);
	return 0;
}

/* ---------------------------------------------------------------- bits */

/*
 * Input bits in a register, first one lowest; at least BITS_AFTER_REFILL after a refill, some of which may be of the
 * padding. Of @left only the low 6 bits count, and as much of what take() is told: table entries serve as they are.
 */
struct bits {
	uint64_t held;
	uint32_t left;
	const uint8_t *next;
};

#define BITS_AFTER_REFILL 56
/* Bytes that are looked at between two looks at the input's end: two refills, and a word that the next one may read. */
#define BYTES_AHEAD (2 * 7 + sizeof(uint64_t))

static inline __attribute__((always_inline)) void refill(struct bits *b)
{
	uint64_t word;

	memcpy(&word, b->next, sizeof(word));
	b->held |= le64toh(word) << (b->left & 63);
	b->next += 7 - (b->left >> 3 & 7);
	b->left |= BITS_AFTER_REFILL;
}

static inline __attribute__((always_inline)) void take(struct bits *b, uint32_t count)
{
	b->held >>= count & 63;
	b->left -= count;
}

static inline __attribute__((always_inline)) uint32_t low_bits(uint64_t held, unsigned count)
{
	return (uint32_t)(held & ((UINT64_C(1) << count) - 1));
}

static uint32_t take_value(struct bits *b, unsigned count)
{
	uint32_t value = low_bits(b->held, count);

	take(b, count);
	return value;
}

/* unread() - Give back the whole bytes that were read ahead. */
static void unread(struct bits *b)
{
	b->next -= b->left >> 3 & 7;
	b->left &= 7;
	b->held = low_bits(b->held, b->left);
}

static int cut_short(struct err *e)
{
	return fail(e, EINVAL, "the compressed data is cut short");
}

static int damaged(struct err *e, const char *what)
{
	return fail(e, EINVAL, "the compressed data is damaged (%s)", what);
}

/* ahead() - Have BITS_AFTER_REFILL bits, and BYTES_AHEAD behind them, unless the input ends. */
static int ahead(struct bits *b, struct input *in, struct err *e)
{
	if (in->ended || (size_t)(in->end - b->next) < BYTES_AHEAD) {
		unread(b);
		if (b->next > in->end)
			return cut_short(e);
		in->next = b->next;
		if (input_fill(in, e) < 0)
			return -1;
		b->next = in->next;
	}
	refill(b);
	return 0;
}

/* ---------------------------------------------------------------- codes */

static int build_tables(struct inflate *z, struct err *e)
{
	if (!table_build(z->literals, ARRAY_SIZE(z->literals), LITERAL_BITS, z->lengths, z->literal_count, z->literal_meanings))
		return damaged(e, "code of the literals and lengths");
	if (!table_build(z->distances, ARRAY_SIZE(z->distances), DISTANCE_BITS, z->lengths + z->literal_count, z->distance_count,
			 z->distance_meanings))
		return damaged(e, "code of the distances");
	return 0;
}

static int fixed_code(struct inflate *z, struct err *e)
{
	uint8_t *lengths = z->lengths;

	/* A block takes ten bits at least, its tables thousands of steps: hostile input must not get the one for the other. */
	if (z->fixed)
		return 0;

	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 256 - 144);
	memset(lengths + 256, 7, 280 - 256);
	memset(lengths + 280, 8, LITERAL_SYMBOLS - 280);
	memset(lengths + LITERAL_SYMBOLS, 5, DISTANCE_SYMBOLS);
	z->literal_count = LITERAL_SYMBOLS;
	z->distance_count = DISTANCE_SYMBOLS;
	if (build_tables(z, e) < 0)
		return -1;
	z->fixed = true;
	return 0;
}

/* read_lengths() - Lengths of the codes, themselves coded (RFC 1951, 3.2.7). */
static int read_lengths(struct inflate *z, struct bits *b, struct input *in, struct err *e)
{
	static const uint8_t order[LENGTHS_SYMBOLS] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
	uint8_t lengths[LENGTHS_SYMBOLS] = { 0 };
	uint32_t meanings[LENGTHS_SYMBOLS], table[1 << LENGTHS_BITS];
	unsigned total, count;

	if (ahead(b, in, e) < 0)
		return -1;
	z->literal_count = 257 + take_value(b, 5);
	z->distance_count = 1 + take_value(b, 5);
	count = 4 + take_value(b, 4);
	if (z->literal_count > 286 || z->distance_count > 30)
		return damaged(e, "too many symbols");
	for (unsigned i = 0; i < count; i++) {
		if (i % 8 == 0 && ahead(b, in, e) < 0)
			return -1;
		lengths[order[i]] = (uint8_t)take_value(b, 3);
	}
	for (uint32_t i = 0; i < LENGTHS_SYMBOLS; i++)
		meanings[i] = i << 16;
	if (!table_build(table, ARRAY_SIZE(table), LENGTHS_BITS, lengths, LENGTHS_SYMBOLS, meanings))
		return damaged(e, "code of the code lengths");
	total = z->literal_count + z->distance_count;
	for (unsigned i = 0; i < total;) {
		unsigned symbol, repeat = 1;
		uint8_t length = 0;
		uint32_t entry;

		if (ahead(b, in, e) < 0)
			return -1;
		entry = table[low_bits(b->held, LENGTHS_BITS)];
		if (entry & ENTRY_SPECIAL)
			return damaged(e, "code of the code lengths");
		take(b, entry);
		symbol = entry_value(entry);
		if (symbol < 16) {
			length = (uint8_t)symbol;
		} else if (symbol == 16) {
			if (i == 0)
				return damaged(e, "repeated code length");
			length = z->lengths[i - 1];
			repeat = 3 + take_value(b, 2);
		} else {
			repeat = symbol == 17 ? 3 + take_value(b, 3) : 11 + take_value(b, 7);
		}
		if (repeat > total - i)
			return damaged(e, "repeated code length");
		memset(z->lengths + i, length, repeat);
		i += repeat;
	}
	return z->lengths[END_OF_BLOCK] ? 0 : damaged(e, "no end of block");
}

/* Symbols from 257 on: groups of codes with one extra bit more each (RFC 1951, 3.2.5). */
static void set_meanings(struct inflate *z)
{
	uint32_t base = 3;

	for (uint32_t i = 0; i < 256; i++)
		z->literal_meanings[i] = ENTRY_LITERAL | i << 16;
	z->literal_meanings[END_OF_BLOCK] = ENTRY_SPECIAL | ENTRY_END;
	for (uint32_t i = 0; i < 28; i++) {
		uint32_t extra = i < 8 ? 0 : i / 4 - 1;

		z->literal_meanings[257 + i] = base << 16 | extra;
		base += 1u << extra;
	}
	z->literal_meanings[285] = 258 << 16;
	z->literal_meanings[286] = z->literal_meanings[287] = ENTRY_INVALID;
	base = 1;
	for (uint32_t i = 0; i < 30; i++) {
		uint32_t extra = i < 4 ? 0 : i / 2 - 1;

		z->distance_meanings[i] = base << 16 | extra;
		base += 1u << extra;
	}
	z->distance_meanings[30] = z->distance_meanings[31] = ENTRY_INVALID;
}

/* ---------------------------------------------------------------- blocks */

/* A match is copied in pieces of a word, or of this many bytes; so up to as many are written behind its end. */
#define COPY_SIZE 16

static inline __attribute__((always_inline)) void copy_match(uint8_t *to, size_t distance, size_t length)
{
	const uint8_t *from = to - distance, *end = to + length;

	if (likely(distance >= COPY_SIZE)) {
		do {
			memcpy(to, from, COPY_SIZE);
			to += COPY_SIZE;
			from += COPY_SIZE;
		} while (to < end);
	} else if (distance >= sizeof(uint64_t)) {
		do {
			memcpy(to, from, sizeof(uint64_t));
			to += sizeof(uint64_t);
			from += sizeof(uint64_t);
		} while (to < end);
	} else if (distance == 1) {
		memset(to, *from, length);
	} else {
		do
			*to++ = *from++;
		while (to < end);
	}
}

enum step { STEP_ON, STEP_END, STEP_BAD_CODE, STEP_BAD_DISTANCE };

/*
 * decode() - Symbols of a block, until it ends or one of the buffers is near its end. A symbol and all that belongs to it
 * takes at most 48 bits (15 + 5 + 15 + 13), less than there are after a refill.
 */
static inline __attribute__((always_inline)) enum step decode(const struct inflate *z, struct bits *bits, const struct input *in,
							      struct output *out, ptrdiff_t before)
{
	/* Copies, so that the compiler needn't fear that a byte written changes them. */
	const uint32_t *literals = z->literals, *distances = z->distances;
	const uint8_t *input_stop = in->ended ? in->end + sizeof(uint64_t) : in->end - BYTES_AHEAD;
	const uint8_t *output_stop = out->limit - INFLATE_ROOM, *room = out->room;
	enum step step = STEP_ON;
	struct bits b = *bits;
	uint8_t *at = out->at;
	uint32_t entry;

	refill(&b);
	entry = literals[low_bits(b.held, LITERAL_BITS)];
	do {
		uint64_t saved;
		size_t length, distance;

		if (entry & ENTRY_LITERAL) {
			take(&b, entry);
			*at++ = (uint8_t)(entry >> 16);
			entry = literals[low_bits(b.held, LITERAL_BITS)];
			if (entry & ENTRY_LITERAL) {
				take(&b, entry);
				*at++ = (uint8_t)(entry >> 16);
				entry = literals[low_bits(b.held, LITERAL_BITS)];
			}
			refill(&b);
			if (entry & ENTRY_LITERAL)
				continue;
		}
		if (unlikely(entry & ENTRY_SPECIAL)) {
			if (entry & ENTRY_SUBTABLE) {
				take(&b, entry);
				entry = literals[entry_value(entry) + low_bits(b.held, entry_code_bits(entry))];
			}
			if (entry & ENTRY_LITERAL) {
				take(&b, entry);
				*at++ = (uint8_t)(entry >> 16);
				refill(&b);
				entry = literals[low_bits(b.held, LITERAL_BITS)];
				continue;
			}
			if (entry & ENTRY_SPECIAL) {
				step = entry & ENTRY_END ? STEP_END : STEP_BAD_CODE;
				take(&b, entry);
				break;
			}
		}
		saved = b.held;
		take(&b, entry);
		length = entry_value(entry) + (low_bits(saved, entry & 63) >> entry_code_bits(entry));
		entry = distances[low_bits(b.held, DISTANCE_BITS)];
		if (unlikely(entry & ENTRY_SPECIAL)) {
			if (entry & ENTRY_SUBTABLE) {
				take(&b, entry);
				entry = distances[entry_value(entry) + low_bits(b.held, entry_code_bits(entry))];
			}
			if (entry & ENTRY_SPECIAL) {
				step = STEP_BAD_CODE;
				take(&b, entry);
				break;
			}
		}
		saved = b.held;
		take(&b, entry);
		distance = entry_value(entry) + (low_bits(saved, entry & 63) >> entry_code_bits(entry));
		if (unlikely((ptrdiff_t)distance > at - room + before)) {
			step = STEP_BAD_DISTANCE;
			break;
		}
		refill(&b);
		entry = literals[low_bits(b.held, LITERAL_BITS)];
		copy_match(at, distance, length);
		at += length;
	} while (b.next <= input_stop && at <= output_stop);
	*bits = b;
	out->at = at;
	return step;
}

static enum step decode_anywhere(const struct inflate *z, struct bits *b, const struct input *in, struct output *out, ptrdiff_t before)
{
	return decode(z, b, in, out, before);
}

#if defined(__x86_64__)
/* The same with shifts that leave the flags alone and take their count from any register. */
static __attribute__((target("bmi2"))) enum step decode_bmi2(const struct inflate *z, struct bits *b, const struct input *in,
							       struct output *out, ptrdiff_t before)
{
	return decode(z, b, in, out, before);
}

static bool has_bmi2(void)
{
	return __builtin_cpu_supports("bmi2");
}
#else
#define decode_bmi2 decode_anywhere

static bool has_bmi2(void)
{
	return false;
}
#endif

static int coded_block(struct inflate *z, struct bits *b, struct input *in, struct output *out, struct err *e)
{
	enum step step;

	do {
		int64_t before;

		if (ahead(b, in, e) < 0)
			return -1;
		if (out->limit - out->at < INFLATE_ROOM && out->more(out, e) < 0)
			return -1;
		/* Negative where the stream begins within the room: what is before that belongs to another one. */
		before = (int64_t)(out->written - z->begin);
		if (before > (int64_t)INFLATE_WINDOW)
			before = INFLATE_WINDOW;
		step = (has_bmi2() ? decode_bmi2 : decode_anywhere)(z, b, in, out, (ptrdiff_t)before);
	} while (step == STEP_ON);
	if (step == STEP_END)
		return 0;
	return damaged(e, step == STEP_BAD_CODE ? "invalid code" : "a match before the beginning");
}

static int stored_block(struct bits *b, struct input *in, struct output *out, struct err *e)
{
	size_t left;

	take(b, b->left & 7);
	if (ahead(b, in, e) < 0)
		return -1;
	left = take_value(b, 16);
	if (take_value(b, 16) != (left ^ 0xffff))
		return damaged(e, "length of a stored block");
	unread(b);
	in->next = b->next;
	while (left > 0) {
		size_t n = left;

		if (in->next >= in->end && input_fill(in, e) < 0)
			return -1;
		if (in->next >= in->end)
			return cut_short(e);
		if (out->limit - out->at < INFLATE_ROOM && out->more(out, e) < 0)
			return -1;
		if (n > (size_t)(in->end - in->next))
			n = (size_t)(in->end - in->next);
		if (n > (size_t)(out->limit - out->at))
			n = (size_t)(out->limit - out->at);
		memcpy(out->at, in->next, n);
		in->next += n;
		out->at += n;
		left -= n;
	}
	b->next = in->next;
	return 0;
}

static int block(struct inflate *z, unsigned type, struct bits *b, struct input *in, struct output *out, struct err *e)
{
	switch (type) {
	case 0:
		return stored_block(b, in, out, e);
	case 1:
		return fixed_code(z, e) < 0 ? -1 : coded_block(z, b, in, out, e);
	case 2:
		z->fixed = false;
		return read_lengths(z, b, in, e) < 0 || build_tables(z, e) < 0 ? -1 : coded_block(z, b, in, out, e);
	default:
		return damaged(e, "type of a block");
	}
}

void inflate_init(struct inflate *z)
{
	z->fixed = false;
	set_meanings(z);
}

int inflate_stream(struct inflate *z, struct input *in, struct output *out, struct err *e)
{
	struct bits b = { .next = in->next };
	int status;
	bool last;

	z->begin = output_total(out);
	do {
		if (ahead(&b, in, e) < 0)
			return -1;
		last = take_value(&b, 1);
		status = block(z, take_value(&b, 2), &b, in, out, e);
	} while (status == 0 && !last);
	unread(&b);
	/* Also where the padding made no sense. */
	if (in->ended && b.next > in->end)
		return cut_short(e);
	in->next = b.next;
	return status;
}
