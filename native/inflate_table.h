/* SPDX-License-Identifier: Apache-2.0 */
/* Huffman codes (RFC 1951, 3.2.2) as tables that are indexed by the next bits of the input. */
#ifndef CAISSON_INFLATE_TABLE_H
#define CAISSON_INFLATE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODE_BITS_MAX 15

/*
 * An entry. What a symbol means is prepared in the entry itself:
 *
 *	bits 0-7	input bits that the symbol takes, extra bits included
 *	bits 8-11	how many of them are the code; what follows them are the extra bits
 *	bits 16-30	literal, or the smallest length or distance, to which the extra bits are added
 *
 * With ENTRY_SPECIAL it is no such symbol: one of the kinds below.
 */
#define ENTRY_LITERAL	0x80000000u
#define ENTRY_SPECIAL	0x00008000u
#define ENTRY_SUBTABLE	0x00004000u	/* go on at bits 16-30, which is indexed by as many bits as bits 8-11 say */
#define ENTRY_END	0x00002000u	/* end of block */
#define ENTRY_INVALID	(ENTRY_SPECIAL | 0x00001000u)

static inline unsigned entry_value(uint32_t entry)
{
	return entry >> 16 & 0x7fff;
}

static inline unsigned entry_code_bits(uint32_t entry)
{
	return entry >> 8 & 0xf;
}

/*
 * table_build() - @lengths: of the codes, 0 for a symbol that doesn't occur. @meanings: an entry for each symbol, without
 * the length of its code.
 * Return: false for lengths that make no prefix code. A single code of one bit is taken for one, as zlib does.
 */
bool table_build(uint32_t *table, size_t capacity, unsigned bits, const uint8_t *lengths, unsigned count,
		 const uint32_t *meanings);

#endif
