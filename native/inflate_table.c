/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "inflate_table.h"

#define SYMBOLS_MAX 288

/* Symbols in the order of their codes, and how many there are of each length. */
struct code {
	uint16_t count[CODE_BITS_MAX + 1];
	uint16_t symbols[SYMBOLS_MAX];
	unsigned total;
};

/* sort() - Return: codes that are left over at the greatest length; negative when there are too few. */
static int sort(struct code *c, const uint8_t *lengths, unsigned count)
{
	uint16_t at[CODE_BITS_MAX + 1];
	int left = 1;

	memset(c->count, 0, sizeof(c->count));
	for (unsigned symbol = 0; symbol < count; symbol++)
		c->count[lengths[symbol]]++;
	c->count[0] = 0;
	at[0] = at[1] = 0;
	for (unsigned length = 1; length <= CODE_BITS_MAX; length++) {
		left = left * 2 - c->count[length];
		if (left < 0)
			return left;
		if (length < CODE_BITS_MAX)
			at[length + 1] = at[length] + c->count[length];
	}
	c->total = at[CODE_BITS_MAX] + c->count[CODE_BITS_MAX];
	for (unsigned symbol = 0; symbol < count; symbol++)
		if (lengths[symbol])
			c->symbols[at[lengths[symbol]]++] = (uint16_t)symbol;
	return left;
}

/* next_code() - The code that follows in order, codes being held in the order of the input: first bit lowest. */
static unsigned next_code(unsigned code, unsigned length)
{
	unsigned bit = 1u << (length - 1);

	while (code & bit)
		bit >>= 1;
	/* All ones: there is none. */
	return bit ? (code & (bit - 1)) | bit : 0;
}

static uint32_t with_length(uint32_t meaning, unsigned length)
{
	return meaning + length + (length << 8);
}

/* subtable_bits() - How wide the table is that holds all codes which begin as the current one does. */
static unsigned subtable_bits(const struct code *c, unsigned length, unsigned bits, unsigned remaining)
{
	unsigned width = length - bits;
	int room = (1 << width) - (int)remaining;

	while (room > 0 && width + bits < CODE_BITS_MAX) {
		width++;
		room = room * 2 - c->count[width + bits];
	}
	return width;
}

bool table_build(uint32_t *table, size_t capacity, unsigned bits, const uint8_t *lengths, unsigned count,
		 const uint32_t *meanings)
{
	const uint16_t *symbol;
	unsigned code = 0, length, filled, used = 1u << bits, sub = 0, sub_bits = 0, prefix = ~0u;
	struct code c;
	int left;

	if (count > SYMBOLS_MAX || used > capacity)
		return false;
	left = sort(&c, lengths, count);
	if (left < 0 || (left > 0 && c.total > 0 && !(c.total == 1 && c.count[1] == 1)))
		return false;
	for (unsigned i = 0; c.total == 0 && i < used; i++)
		table[i] = ENTRY_INVALID;
	if (c.total == 0)
		return true;
	symbol = c.symbols;
	/* The short codes: a table of as many bits as the code, doubled whenever codes get longer. */
	for (length = 1, filled = 2; length <= bits; length++, filled *= 2) {
		for (unsigned n = c.count[length]; n > 0; n--) {
			table[code] = with_length(meanings[*symbol++], length);
			code = next_code(code, length);
		}
		if (length < bits)
			memcpy(table + filled, table, filled * sizeof(*table));
	}
	if (left > 0) {
		/* The one code of one bit is 0: what begins with 1 stays invalid. */
		for (unsigned i = 1; i < 1u << bits; i += 2)
			table[i] = ENTRY_INVALID;
		return true;
	}
	for (; length <= CODE_BITS_MAX; length++) {
		for (unsigned n = c.count[length]; n > 0; n--) {
			uint32_t entry = with_length(meanings[*symbol++], length - bits);

			if ((code & ((1u << bits) - 1)) != prefix) {
				prefix = code & ((1u << bits) - 1);
				sub = used;
				sub_bits = subtable_bits(&c, length, bits, n);
				used += 1u << sub_bits;
				if (used > capacity)
					return false;
				table[prefix] = sub << 16 | ENTRY_SPECIAL | ENTRY_SUBTABLE | sub_bits << 8 | bits;
			}
			for (unsigned i = code >> bits; i < 1u << sub_bits; i += 1u << (length - bits))
				table[sub + i] = entry;
			code = next_code(code, length);
		}
	}
	return true;
}
