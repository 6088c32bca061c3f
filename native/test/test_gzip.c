/* SPDX-License-Identifier: Apache-2.0 */
/* What gzip(1) packs comes out as it was, in whatever pieces it arrives; anything else is refused, nothing is overrun. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gzip.h"
#include "test.h"

struct bytes {
	uint8_t *data;
	size_t len;
};

static struct bytes bytes_of(const void *data, size_t len)
{
	struct bytes b = { malloc(len + 1), len };

	CHECK(b.data);
	memcpy(b.data, data, len);
	return b;
}

static struct bytes read_all(int fd)
{
	struct stat st;
	struct bytes b;

	CHECK(fstat(fd, &st) == 0);
	b = (struct bytes){ malloc((size_t)st.st_size + 1), (size_t)st.st_size };
	CHECK(b.data && pread(fd, b.data, b.len, 0) == st.st_size);
	return b;
}

static struct bytes pack(struct bytes plain, const char *level)
{
	int in = memfd_create("plain", MFD_CLOEXEC), out = memfd_create("packed", MFD_CLOEXEC), status;
	struct bytes packed;
	pid_t pid;

	CHECK(in >= 0 && out >= 0 && write(in, plain.data, plain.len) == (ssize_t)plain.len && lseek(in, 0, SEEK_SET) == 0);
	pid = fork();
	if (pid == 0) {
		dup2(in, 0);
		dup2(out, 1);
		execlp("gzip", "gzip", "-c", level, NULL);
		_exit(127);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	packed = read_all(out);
	close(in);
	close(out);
	return packed;
}

/* ---------------------------------------------------------------- decoding into memory */

struct run {
	struct bytes packed;
	size_t at, piece;
	struct input input;
	struct output output;
	size_t room_size;
	uint8_t *room;		/* the kept window, then the room: of its own size, for the sanitizers */
	struct bytes plain;
	size_t capacity;
	struct inflate inflate;
};

static ssize_t read_piece(void *context, void *buffer, size_t size)
{
	struct run *r = context;
	size_t n = r->packed.len - r->at;

	n = n < r->piece ? n : r->piece;
	n = n < size ? n : size;
	memcpy(buffer, r->packed.data + r->at, n);
	r->at += n;
	return (ssize_t)n;
}

static int collect(struct output *out, struct err *e)
{
	struct run *r = (struct run *)((char *)out - offsetof(struct run, output));
	size_t n = (size_t)(out->at - out->room);

	(void)e;
	CHECK(out->at <= out->limit);
	if (r->plain.len + n >= r->capacity) {
		r->capacity = 2 * (r->plain.len + n) + 1;
		r->plain.data = realloc(r->plain.data, r->capacity);
		CHECK(r->plain.data);
	}
	memcpy(r->plain.data + r->plain.len, out->room, n);
	r->plain.len += n;
	out->written += n;
	memmove(r->room, out->at - INFLATE_WINDOW, INFLATE_WINDOW);
	out->room = out->at = r->room + INFLATE_WINDOW;
	return 0;
}

static int unpack(struct run *r, struct bytes packed, size_t piece, size_t room_size, struct err *e)
{
	int result;

	*e = (struct err)ERR_INIT;
	*r = (struct run){ .packed = packed, .piece = piece, .room_size = room_size, .room = calloc(1, INFLATE_WINDOW + room_size) };
	CHECK(r->room);
	r->input.read = read_piece;
	r->input.context = r;
	r->input.next = r->input.end = r->input.buffer;
	r->output.more = collect;
	r->output.room = r->output.at = r->room + INFLATE_WINDOW;
	r->output.limit = r->output.at + room_size;
	inflate_init(&r->inflate);
	result = gzip_decode(&r->inflate, &r->input, &r->output, e);
	collect(&r->output, e);
	free(r->room);
	return result;
}

static void check_unpacks(struct bytes packed, struct bytes plain)
{
	static const size_t pieces[] = { 1, 7, 31, 32, 33, 1000, 1 << 20 }, rooms[] = { 2 * INFLATE_ROOM, 1 << 16 };
	struct run *r = malloc(sizeof(*r));
	struct err e;

	CHECK(r);
	for (size_t p = 0; p < ARRAY_SIZE(pieces); p++) {
		for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
			if (unpack(r, packed, pieces[p], rooms[i], &e) < 0)
				TEST_FAIL("pieces of %zu, room of %zu: %s", pieces[p], rooms[i], e.text);
			CHECK_INT(r->plain.len, plain.len);
			CHECK(memcmp(r->plain.data, plain.data, plain.len) == 0);
			free(r->plain.data);
		}
	}
	free(r);
}

static void check_refused(struct bytes packed, const char *reason)
{
	struct run *r = malloc(sizeof(*r));
	struct err e;

	CHECK(r);
	CHECK_INT(unpack(r, packed, packed.len + 1, 1 << 16, &e), -1);
	CHECK_INT(e.no, EINVAL);
	if (!strstr(e.text, reason))
		TEST_FAIL("\"%s\" doesn't say \"%s\"", e.text, reason);
	free(r->plain.data);
	free(r);
}

/* ---------------------------------------------------------------- what is packed */

static uint32_t random_state = 1;

static uint32_t next_random(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return random_state >> 8;
}

enum kind { NOISE, ZEROS, WORDS, PERIODS, SKEWED, KINDS };

static uint8_t byte_of(enum kind kind, size_t i, const uint8_t *before)
{
	static const char words[] = "the quick brown fox jumps over the lazy dog and the cat sat on the mat of the house ";

	switch (kind) {
	case NOISE:
		return (uint8_t)next_random();
	case WORDS:
		return (uint8_t)words[next_random() % 9 ? (i * 7 / 5) % (sizeof(words) - 1) : next_random() % (sizeof(words) - 1)];
	case PERIODS:
		/* Matches of every small distance, where copies overlap themselves. */
		return i < 64 || next_random() % 300 == 0 ? (uint8_t)next_random() : before[-(long)(1 + i / 2000 % 40)];
	case SKEWED:
		/* Codes of every length. */
		return (uint8_t)__builtin_ctz(next_random() | 1u << 20);
	default:
		return 0;
	}
}

static struct bytes plain_of(enum kind kind, size_t len)
{
	struct bytes b = { malloc(len + 1), len };

	CHECK(b.data);
	for (size_t i = 0; i < len; i++)
		b.data[i] = byte_of(kind, i, b.data + i);
	return b;
}

TEST(everything_that_gzip_packs_comes_back)
{
	static const size_t sizes[] = { 0, 1, 5, 300, 100000 };
	static const char *levels[] = { "-1", "-6", "-9" };

	for (int kind = 0; kind < KINDS; kind++) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			for (size_t l = 0; l < ARRAY_SIZE(levels); l++) {
				struct bytes plain = plain_of(kind, sizes[i]), packed = pack(plain, levels[l]);

				check_unpacks(packed, plain);
				free(plain.data);
				free(packed.data);
			}
		}
	}
}

TEST(members_follow_each_other_and_headers_have_fields)
{
	/* Extra field, name, comment and a CRC of the header. */
	static const uint8_t header[] = { 0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 1, 2, 3, 4, 0, 3, 3, 0, 'x', 'y', 'z', 'n', 0, 'c', 'd', 0, 9, 9 };
	struct bytes plain = plain_of(WORDS, 5000), packed = pack(plain, "-6");
	size_t body = packed.len - 10;
	struct bytes all = { malloc(sizeof(header) + body + 2 * packed.len), 0 }, three = { malloc(3 * plain.len), 3 * plain.len };

	CHECK(all.data && three.data);
	memcpy(all.data, packed.data, packed.len);
	memcpy(all.data + packed.len, header, sizeof(header));
	memcpy(all.data + packed.len + sizeof(header), packed.data + 10, body);
	memcpy(all.data + packed.len + sizeof(header) + body, packed.data, packed.len);
	all.len = sizeof(header) + body + 2 * packed.len;
	for (size_t i = 0; i < 3; i++)
		memcpy(three.data + i * plain.len, plain.data, plain.len);
	check_unpacks(all, three);
	all.data[packed.len] = 'x';
	check_refused(all, "followed by something else");
	free(plain.data);
	free(packed.data);
	free(all.data);
	free(three.data);
}

TEST(a_file_that_is_cut_anywhere_is_refused)
{
	struct bytes plain = plain_of(SKEWED, 900), packed = pack(plain, "-6");

	for (size_t len = 0; len < packed.len; len++) {
		struct bytes cut = bytes_of(packed.data, len);

		check_refused(cut, "cut short");
		free(cut.data);
	}
	free(plain.data);
	free(packed.data);
}

TEST(no_damage_leads_out_of_the_buffers)
{
	struct bytes plain = plain_of(PERIODS, 3000), packed = pack(plain, "-9");
	struct run *r = malloc(sizeof(*r));
	struct err e;

	CHECK(r);
	for (size_t bit = 80; bit < 8 * packed.len; bit++) {
		packed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(unpack(r, packed, 50, INFLATE_ROOM, &e) == 0 || e.no == EINVAL);
		free(r->plain.data);
		packed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(r);
	free(plain.data);
	free(packed.data);
}

/* ---------------------------------------------------------------- blocks bit by bit */

struct blocks {
	uint8_t data[128];
	size_t bits;
};

static struct blocks gzip_begin(void)
{
	return (struct blocks){ .data = { 0x1f, 0x8b, 8 }, .bits = 80 };
}

/* put() - A number, lowest bit first. put_code() - A Huffman code, highest bit first. */
static void put(struct blocks *b, unsigned value, unsigned count)
{
	for (unsigned i = 0; i < count; i++, b->bits++)
		b->data[b->bits / 8] |= (uint8_t)((value >> i & 1) << b->bits % 8);
}

static void put_code(struct blocks *b, unsigned code, unsigned count)
{
	while (count-- > 0)
		put(b, code >> count & 1, 1);
}

static void put_block(struct blocks *b, unsigned type)
{
	put(b, 1, 1);
	put(b, type, 2);
}

/* put_lengths() - A dynamic block up to the lengths of the code in which its codes are written: of 16, 17, 18, 0, ... */
static void put_lengths(struct blocks *b, unsigned literals, unsigned distances, const char *lengths)
{
	size_t count = strlen(lengths);

	put(b, literals - 257, 5);
	put(b, distances - 1, 5);
	put(b, (unsigned)count - 4, 4);
	for (size_t i = 0; i < count; i++)
		put(b, (unsigned)(lengths[i] - '0'), 3);
}

static void put_dynamic(struct blocks *b, unsigned literals, unsigned distances, const char *lengths)
{
	put_block(b, 2);
	put_lengths(b, literals, distances, lengths);
}

static void check_blocks_refused(struct blocks *b, const char *reason)
{
	/* Followed by enough not to be cut short. */
	struct bytes exact = bytes_of(b->data, (b->bits + 7) / 8 + 40);

	CHECK(exact.len <= sizeof(b->data));
	check_refused(exact, reason);
	free(exact.data);
	*b = gzip_begin();
}

TEST(blocks_that_the_specification_forbids_are_refused)
{
	struct blocks b = gzip_begin();

	put_block(&b, 3);
	check_blocks_refused(&b, "type of a block");

	put_block(&b, 0);
	put(&b, 0, 5);
	put(&b, 5, 16);
	put(&b, 5, 16);
	check_blocks_refused(&b, "length of a stored block");

	/* A match of three bytes, one back. */
	put_block(&b, 1);
	put_code(&b, 1, 7);
	put_code(&b, 0, 5);
	check_blocks_refused(&b, "before the beginning");

	/* Symbol 286; distance 30. */
	put_block(&b, 1);
	put_code(&b, 0xc6, 8);
	check_blocks_refused(&b, "invalid code");
	put_block(&b, 1);
	put_code(&b, 0x30, 8);
	put_code(&b, 1, 7);
	put_code(&b, 30, 5);
	check_blocks_refused(&b, "invalid code");

	put_dynamic(&b, 257, 31, "0011");
	check_blocks_refused(&b, "too many symbols");
	put_dynamic(&b, 287, 1, "0011");
	check_blocks_refused(&b, "too many symbols");

	/* Three codes of one bit; one of two bits alone. */
	put_dynamic(&b, 257, 1, "1101");
	check_blocks_refused(&b, "code of the code lengths");
	put_dynamic(&b, 257, 1, "0002");
	check_blocks_refused(&b, "code of the code lengths");

	/* Symbol 16 first: there is nothing to repeat. */
	put_dynamic(&b, 257, 1, "1001");
	put(&b, 1, 1);
	check_blocks_refused(&b, "repeated code length");

	/* 138 zeros, then 120; then 138 more than there is room for. */
	put_dynamic(&b, 257, 1, "0011");
	put(&b, 1, 1);
	put(&b, 127, 7);
	put(&b, 1, 1);
	put(&b, 109, 7);
	check_blocks_refused(&b, "no end of block");
	put_dynamic(&b, 257, 1, "0011");
	put(&b, 1, 1);
	put(&b, 127, 7);
	put(&b, 1, 1);
	put(&b, 127, 7);
	check_blocks_refused(&b, "repeated code length");
}

TEST(a_match_reaches_no_further_than_its_own_member)
{
	struct bytes plain = plain_of(WORDS, 100), first = pack(plain, "-6"), both;
	struct blocks b = gzip_begin();

	/* A literal, then three bytes from two back: the last one of the member before. */
	put_block(&b, 1);
	put_code(&b, 0x30, 8);
	put_code(&b, 1, 7);
	put_code(&b, 1, 5);
	put_code(&b, 0, 7);
	both = (struct bytes){ malloc(first.len + sizeof(b.data)), first.len + (b.bits + 7) / 8 + 40 };
	CHECK(both.data && both.len <= first.len + sizeof(b.data));
	memcpy(both.data, first.data, first.len);
	memcpy(both.data + first.len, b.data, both.len - first.len);
	check_refused(both, "before the beginning");
	free(plain.data);
	free(first.data);
	free(both.data);
}

TEST(blocks_of_the_fixed_code_and_of_others_take_turns)
{
	struct run *r = malloc(sizeof(*r));
	struct blocks b = gzip_begin();
	struct err e;

	CHECK(r);
	for (unsigned i = 0; i < 3; i++) {
		/* A literal and the end of the block; then a block whose one code is the end's. */
		put(&b, 0, 1);
		put(&b, 1, 2);
		put_code(&b, 0x30 + 'a', 8);
		put_code(&b, 0, 7);
		put(&b, 0, 1);
		put(&b, 2, 2);
		put_lengths(&b, 257, 1, "002200000000000001");
		put_code(&b, 3, 2);
		put(&b, 127, 7);
		put_code(&b, 3, 2);
		put(&b, 107, 7);
		put_code(&b, 0, 1);
		put_code(&b, 2, 2);
		put_code(&b, 0, 1);
	}
	put_block(&b, 1);
	put_code(&b, 0, 7);
	b.data[(b.bits + 7) / 8 + 4] = 3;
	if (unpack(r, (struct bytes){ b.data, (b.bits + 7) / 8 + 8 }, 100, 1 << 16, &e) < 0)
		TEST_FAIL("%s", e.text);
	CHECK_INT(r->plain.len, 3);
	CHECK(memcmp(r->plain.data, "aaa", 3) == 0);
	free(r->plain.data);
	free(r);
}

TEST(a_block_may_have_no_distances_and_one_symbol)
{
	struct run *r = malloc(sizeof(*r));
	struct blocks b = gzip_begin();
	struct err e;

	CHECK(r);
	/* 256 zeros (138 and 118), then a length of one bit for the end of the block, none for the distance; and the end. */
	put_dynamic(&b, 257, 1, "002200000000000001");
	put_code(&b, 3, 2);
	put(&b, 127, 7);
	put_code(&b, 3, 2);
	put(&b, 107, 7);
	put_code(&b, 0, 1);
	put_code(&b, 2, 2);
	put_code(&b, 0, 1);
	if (unpack(r, (struct bytes){ b.data, (b.bits + 7) / 8 + 8 }, 100, 1 << 16, &e) < 0)
		TEST_FAIL("%s", e.text);
	CHECK_INT(r->plain.len, 0);
	free(r->plain.data);
	free(r);
}

TEST(a_wrong_length_is_noticed)
{
	struct bytes plain = plain_of(WORDS, 100), packed = pack(plain, "-6");

	packed.data[packed.len - 4]++;
	check_refused(packed, "its length is wrong");
	free(plain.data);
	free(packed.data);
}
