/* SPDX-License-Identifier: Apache-2.0 */
/* Fields as they are written are read back; anything else is refused. */
#define _GNU_SOURCE
#include "test.h"
#include "wire.h"

static struct slice slice_of(const struct writer *w)
{
	return (struct slice){ w->data, w->len };
}

TEST(fields_are_little_endian_with_an_eight_byte_header)
{
	static const uint8_t expected[] = { 0x34, 0x12, 0, 0, 8, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1 };
	struct writer w = { 0 };

	put_u64(&w, 0x1234, 0x0102030405060708);
	CHECK_INT(w.len, sizeof(expected));
	CHECK(memcmp(w.data, expected, sizeof(expected)) == 0);
	writer_free(&w);
}

TEST(nested_fields_are_found_by_their_tag)
{
	struct writer w = { 0 };
	struct slice inner;
	uint64_t number;
	char text[8];
	size_t mark;

	put_u64(&w, 1, 7);
	mark = put_begin(&w, 2);
	put_text(&w, 3, "inside");
	put_end(&w, mark);
	put_u64(&w, 3, 9);
	CHECK(find_slice(slice_of(&w), 2, &inner));
	CHECK(find_text(inner, 3, text, sizeof(text)));
	CHECK_TEXT(text, "inside");
	CHECK(!find_u64(inner, 1, &number));
	CHECK(find_u64(slice_of(&w), 3, &number));
	CHECK_INT(number, 9);
	writer_free(&w);
}

TEST(text_must_fit_and_hold_no_nul)
{
	struct slice nul = { (const uint8_t *)"a\0b", 3 }, word = { (const uint8_t *)"word", 4 };
	char text[8], tight[4];

	CHECK(!slice_text(nul, text, sizeof(text)));
	CHECK(!slice_text(word, tight, sizeof(tight)));
	CHECK(slice_text(word, text, sizeof(text)));
	CHECK_TEXT(text, "word");
}

TEST(numbers_have_eight_bytes)
{
	struct writer w = { 0 };
	uint64_t number;

	put_bytes(&w, 1, "1234", 4);
	CHECK(!find_u64(slice_of(&w), 1, &number));
	writer_free(&w);
}

TEST(every_truncation_is_noticed)
{
	struct writer w = { 0 };
	size_t ends[3] = { 0 };

	put_u64(&w, 1, 7);
	ends[1] = w.len;
	put_text(&w, 2, "hello");
	ends[2] = w.len;
	for (size_t len = 0; len <= w.len; len++) {
		/* An allocation of its own, so that a read past the end is a sanitizer report. */
		uint8_t *copy = malloc(len ? len : 1);
		struct reader r;
		struct field f;

		memcpy(copy, w.data, len);
		r = reader_of((struct slice){ copy, len });
		while (read_field(&r, &f))
			;
		CHECK_INT(r.bad, len != ends[0] && len != ends[1] && len != ends[2]);
		CHECK(!read_field(&r, &f));
		free(copy);
	}
	writer_free(&w);
}
