/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the fields of a frame: read in order, nested as deep as they go, and looked up by tag. Every view must lie inside
 * of the input, what was read must be written again as the same bytes, and text must end within its buffer.
 */
#include <assert.h>
#include <string.h>

#include "wire.h"

#define DEPTH_MAX 16
#define TAG_LAST 72

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(struct slice outer, struct slice inner)
{
	return inner.data >= outer.data && inner.len <= outer.len && (size_t)(inner.data - outer.data) <= outer.len - inner.len;
}

static void look_up(struct slice fields, const struct field *first)
{
	uint64_t number, again;
	struct slice found;
	char text[32];

	assert(find_slice(fields, first->tag, &found) && found.data == first->value.data && found.len == first->value.len);
	if (field_u64(first, &number))
		assert(find_u64(fields, first->tag, &again) && again == number);
	if (find_text(fields, first->tag, text, sizeof(text)))
		assert(strlen(text) == found.len && !memcmp(text, found.data, found.len));
	else
		assert(found.len >= sizeof(text) || memchr(found.data, 0, found.len));
}

static void walk(struct slice fields, int depth)
{
	struct reader r = reader_of(fields);
	bool seen[TAG_LAST] = { false }, reserved = false;
	struct writer copy = { 0 };
	struct field f;

	while (read_field(&r, &f)) {
		assert(inside(fields, f.value));
		/* The two bytes behind the tag are there for later versions: not read, and written as zero. */
		reserved |= f.value.data[-6] || f.value.data[-5];
		put_bytes(&copy, f.tag, f.value.data, f.value.len);
		if (f.tag < TAG_LAST && !seen[f.tag]) {
			seen[f.tag] = true;
			look_up(fields, &f);
		}
		if (depth < DEPTH_MAX)
			walk(f.value, depth + 1);
	}
	assert(r.bad || r.rest.len == 0);
	assert(!read_field(&r, &f));
	assert(copy.failed || copy.len + r.rest.len <= fields.len);
	if (!r.bad && !copy.failed && !reserved && copy.len > 0)
		assert(copy.len == fields.len && !memcmp(copy.data, fields.data, copy.len));
	writer_free(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	walk((struct slice){ data, size }, 0);
	return 0;
}
