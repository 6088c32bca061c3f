/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and checksums of tar headers. */
#define _GNU_SOURCE
#include <string.h>

#include "tar_format.h"

int32_t tar_checksum(const struct ustar *h, bool is_signed)
{
	const char *bytes = (const char *)h;
	const size_t begin = offsetof(struct ustar, checksum), end = begin + sizeof(h->checksum);
	int32_t sum = 0;

	for (size_t i = 0; i < TAR_BLOCK; i++) {
		if (i >= begin && i < end)
			sum += ' ';
		else
			sum += is_signed ? (int32_t)(signed char)bytes[i] : (int32_t)(unsigned char)bytes[i];
	}
	return sum;
}

/* Two's complement, big endian; the top bit of the first byte marks the form, the next one is the sign. */
static bool base256(const char *field, size_t size, int64_t *value)
{
	uint8_t first = (uint8_t)field[0];
	bool negative = first & 0x40;
	uint64_t v = negative ? ~(uint64_t)0 : 0;

	for (size_t i = 0; i < size; i++) {
		uint8_t byte = i == 0 ? (uint8_t)(negative ? first | 0x80 : first & 0x7f) : (uint8_t)field[i];

		/* What is shifted out, and the sign bit that stays, must be copies of the sign. */
		if ((int64_t)v >> 55 != (negative ? -1 : 0))
			return false;
		v = v << 8 | byte;
	}
	*value = (int64_t)v;
	return true;
}

bool tar_number(const char *field, size_t size, int64_t *value)
{
	uint64_t v = 0;
	size_t i = 0;

	if (field[0] & 0x80)
		return base256(field, size, value);
	while (i < size && (field[i] == ' ' || field[i] == 0))
		i++;
	for (; i < size && field[i] >= '0' && field[i] <= '7'; i++) {
		if (v >> 60)
			return false;
		v = v << 3 | (uint64_t)(field[i] - '0');
	}
	for (; i < size; i++)
		if (field[i] != ' ' && field[i] != 0)
			return false;
	*value = (int64_t)v;
	return true;
}

bool tar_decimal(const char *text, const char *end, int64_t *value)
{
	int64_t v = 0;

	if (text >= end)
		return false;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return false;
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *text - '0', &v))
			return false;
	}
	*value = v;
	return true;
}
