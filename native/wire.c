/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define FIELD_HEADER 8

static uint16_t get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

bool read_field(struct reader *r, struct field *f)
{
	uint32_t len;

	if (r->bad || r->rest.len == 0)
		return false;
	if (r->rest.len < FIELD_HEADER) {
		r->bad = true;
		return false;
	}
	len = get_u32(r->rest.data + 4);
	if (len > r->rest.len - FIELD_HEADER) {
		r->bad = true;
		return false;
	}
	f->tag = get_u16(r->rest.data);
	f->value = (struct slice){ r->rest.data + FIELD_HEADER, len };
	r->rest.data += FIELD_HEADER + len;
	r->rest.len -= FIELD_HEADER + len;
	return true;
}

bool field_u64(const struct field *f, uint64_t *value)
{
	if (f->value.len != 8)
		return false;
	*value = (uint64_t)get_u32(f->value.data) | (uint64_t)get_u32(f->value.data + 4) << 32;
	return true;
}

static bool find(struct slice fields, uint16_t tag, struct field *f)
{
	struct reader r = reader_of(fields);

	while (read_field(&r, f))
		if (f->tag == tag)
			return true;
	return false;
}

bool find_u64(struct slice fields, uint16_t tag, uint64_t *value)
{
	struct field f;

	return find(fields, tag, &f) && field_u64(&f, value);
}

bool find_slice(struct slice fields, uint16_t tag, struct slice *value)
{
	struct field f;

	if (!find(fields, tag, &f))
		return false;
	*value = f.value;
	return true;
}

bool slice_text(struct slice s, char *buffer, size_t size)
{
	if (s.len >= size || memchr(s.data, 0, s.len))
		return false;
	memcpy(buffer, s.data, s.len);
	buffer[s.len] = 0;
	return true;
}

bool find_text(struct slice fields, uint16_t tag, char *buffer, size_t size)
{
	struct slice s;

	return find_slice(fields, tag, &s) && slice_text(s, buffer, size);
}

static bool reserve(struct writer *w, size_t more)
{
	size_t cap = w->cap ? w->cap : 256;
	uint8_t *data;

	if (w->failed)
		return false;
	if (w->len + more <= w->cap)
		return true;
	while (cap < w->len + more)
		cap *= 2;
	data = realloc(w->data, cap);
	if (!data) {
		w->failed = true;
		return false;
	}
	w->data = data;
	w->cap = cap;
	return true;
}

static void set_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

void put_raw(struct writer *w, const void *data, size_t len)
{
	if (!reserve(w, len) || len == 0)
		return;
	memcpy(w->data + w->len, data, len);
	w->len += len;
}

size_t put_begin(struct writer *w, uint16_t tag)
{
	uint8_t header[FIELD_HEADER] = { (uint8_t)tag, (uint8_t)(tag >> 8) };

	put_raw(w, header, sizeof(header));
	return w->len;
}

void put_end(struct writer *w, size_t mark)
{
	if (!w->failed)
		set_u32(w->data + mark - 4, (uint32_t)(w->len - mark));
}

void put_bytes(struct writer *w, uint16_t tag, const void *data, size_t len)
{
	size_t mark = put_begin(w, tag);

	put_raw(w, data, len);
	put_end(w, mark);
}

void put_text(struct writer *w, uint16_t tag, const char *text)
{
	put_bytes(w, tag, text, strlen(text));
}

void put_u64(struct writer *w, uint16_t tag, uint64_t value)
{
	uint8_t bytes[8];

	set_u32(bytes, (uint32_t)value);
	set_u32(bytes + 4, (uint32_t)(value >> 32));
	put_bytes(w, tag, bytes, sizeof(bytes));
}

void writer_free(struct writer *w)
{
	free(w->data);
	*w = (struct writer){ 0 };
}
