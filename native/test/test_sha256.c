/* SPDX-License-Identifier: Apache-2.0 */
/* The examples of FIPS 180-4, by each implementation and in pieces of any size. */
#define _GNU_SOURCE
#include "sha256.h"
#include "test.h"

static void digest_text(sha256_compress compress, const void *data, size_t len, size_t piece, char text[2 * SHA256_SIZE + 1])
{
	uint8_t digest[SHA256_SIZE];
	const uint8_t *at = data;
	struct sha256 s;

	sha256_init(&s);
	s.compress = compress;
	for (size_t n; len > 0; len -= n, at += n) {
		n = len < piece ? len : piece;
		sha256_update(&s, at, n);
	}
	sha256_final(&s, digest);
	for (int i = 0; i < SHA256_SIZE; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
}

static void check_all(const void *data, size_t len, const char *expected)
{
	static const size_t pieces[] = { 1, 3, 55, 56, 63, 64, 65, 127, 4096, 1 << 20 };
	const sha256_compress implementations[] = { sha256_portable, sha256_hardware() };
	char text[2 * SHA256_SIZE + 1];

	for (size_t i = 0; i < sizeof(implementations) / sizeof(*implementations); i++)
		for (size_t p = 0; implementations[i] && p < sizeof(pieces) / sizeof(*pieces); p++) {
			digest_text(implementations[i], data, len, pieces[p], text);
			CHECK_TEXT(text, expected);
		}
}

TEST(examples_of_the_standard)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	static const char four_blocks[] = "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrs"
					  "mnopqrstnopqrstu";

	check_all("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check_all("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check_all(two_blocks, strlen(two_blocks), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	check_all(four_blocks, strlen(four_blocks), "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

TEST(a_million_times_a)
{
	char *text = malloc(1000000);

	CHECK(text);
	memset(text, 'a', 1000000);
	check_all(text, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(text);
}
