/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "gzip.h"

#define METHOD_DEFLATE 8
#define TRAILER_SIZE 8

enum flag { FLAG_HEADER_CRC = 2, FLAG_EXTRA = 4, FLAG_NAME = 8, FLAG_COMMENT = 16, FLAG_RESERVED = 0xe0 };

struct __attribute__((packed)) header {
	uint8_t magic[2];
	uint8_t method;
	uint8_t flags;
	uint8_t rest[6];	/* time, hints, system: nothing that matters here */
};

static int cut_short(struct err *e)
{
	return fail(e, EINVAL, "the gzip data is cut short");
}

/* take() - The next bytes; few enough to be in hand after a fill. */
static const void *take(struct input *in, size_t size, struct err *e)
{
	const void *bytes;

	if (input_fill(in, e) < 0)
		return NULL;
	if ((size_t)(in->end - in->next) < size) {
		cut_short(e);
		return NULL;
	}
	bytes = in->next;
	in->next += size;
	return bytes;
}

static int skip(struct input *in, size_t count, struct err *e)
{
	for (; count > 0; count--)
		if (!take(in, 1, e))
			return -1;
	return 0;
}

static int skip_text(struct input *in, struct err *e)
{
	const char *byte;

	do
		byte = take(in, 1, e);
	while (byte && *byte);
	return byte ? 0 : -1;
}

static int read_header(struct input *in, struct err *e)
{
	const struct header *h = take(in, sizeof(*h), e);
	const uint8_t *size;
	uint8_t flags;

	if (!h)
		return -1;
	if (h->magic[0] != 0x1f || h->magic[1] != 0x8b)
		return fail(e, EINVAL, "the gzip data is followed by something else");
	if (h->method != METHOD_DEFLATE || h->flags & FLAG_RESERVED)
		return fail(e, EINVAL, "gzip data of an unknown kind");
	flags = h->flags;
	if (flags & FLAG_EXTRA) {
		size = take(in, 2, e);
		if (!size || skip(in, size[0] | (size_t)size[1] << 8, e) < 0)
			return -1;
	}
	if ((flags & FLAG_NAME && skip_text(in, e) < 0) || (flags & FLAG_COMMENT && skip_text(in, e) < 0))
		return -1;
	return flags & FLAG_HEADER_CRC ? skip(in, 2, e) : 0;
}

static int decode_member(struct inflate *z, struct input *in, struct output *out, struct err *e)
{
	uint64_t begin = output_total(out);
	const uint8_t *trailer;
	uint32_t size;

	if (read_header(in, e) < 0 || inflate_stream(z, in, out, e) < 0)
		return -1;
	trailer = take(in, TRAILER_SIZE, e);
	if (!trailer)
		return -1;
	memcpy(&size, trailer + 4, sizeof(size));
	if (le32toh(size) != (uint32_t)(output_total(out) - begin))
		return fail(e, EINVAL, "the gzip data is damaged (its length is wrong)");
	return 0;
}

int gzip_decode(struct inflate *z, struct input *in, struct output *out, struct err *e)
{
	do {
		if (decode_member(z, in, out, e) < 0 || input_fill(in, e) < 0)
			return -1;
	} while (in->next < in->end);
	return 0;
}
