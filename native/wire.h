/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing of the fields of protocol.h. The reader trusts nothing: it works on a bounded buffer, never copies,
 * and a malformed field makes every later call fail.
 */
#ifndef CAISSON_WIRE_H
#define CAISSON_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A view into somebody else's memory; not terminated. */
struct slice {
	const uint8_t *data;
	size_t len;
};

struct field {
	uint16_t tag;
	struct slice value;
};

struct reader {
	struct slice rest;
	bool bad;
};

static inline struct reader reader_of(struct slice s)
{
	return (struct reader){ .rest = s };
}

/* read_field() - Next field. Return: false at the end or when malformed (r->bad tells which). */
bool read_field(struct reader *r, struct field *f);

/* field_u64() - Value of an integer field. Return: false unless it has 8 bytes. */
bool field_u64(const struct field *f, uint64_t *value);

/* find_u64(), find_slice() - First field with that tag. Return: false when there is none or it is malformed. */
bool find_u64(struct slice fields, uint16_t tag, uint64_t *value);
bool find_slice(struct slice fields, uint16_t tag, struct slice *value);

/*
 * find_text() - First field with that tag as a terminated string in @buffer.
 * Return: false when missing, too long, or with a NUL inside.
 */
bool find_text(struct slice fields, uint16_t tag, char *buffer, size_t size);

/* slice_text() - Terminated copy. Return: false when too long or with a NUL inside. */
bool slice_text(struct slice s, char *buffer, size_t size);

/* A growing output buffer. Out of memory sets @failed; put_* do nothing from then on. */
struct writer {
	uint8_t *data;
	size_t len, cap;
	bool failed;
};

void put_bytes(struct writer *w, uint16_t tag, const void *data, size_t len);
void put_text(struct writer *w, uint16_t tag, const char *text);
void put_u64(struct writer *w, uint16_t tag, uint64_t value);

/* put_begin(), put_end() - A nested structure; put_begin returns the mark for put_end. */
size_t put_begin(struct writer *w, uint16_t tag);
void put_end(struct writer *w, size_t mark);

/* put_raw() - Bytes without a header. */
void put_raw(struct writer *w, const void *data, size_t len);

void writer_free(struct writer *w);

#endif
