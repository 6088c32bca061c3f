/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POSIX.1-2017, "pax Extended Header": records "length key=value\n", where length counts the whole record. The values of
 * extended attributes are binary (star's SCHILY.xattr.*, as GNU tar and Go write them).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "tar_pax.h"

/* "-12.345678901": seconds, and nanoseconds that are always counted upward. */
static bool parse_time(const char *text, int64_t *seconds, uint32_t *nsec)
{
	bool negative = *text == '-';
	const char *digits = negative ? text + 1 : text, *dot = strchrnul(digits, '.');
	uint32_t fraction = 0, unit = 100000000;

	if (!tar_decimal(digits, dot, seconds))
		return false;
	for (const char *p = *dot ? dot + 1 : dot; *p; p++, unit /= 10) {
		if (*p < '0' || *p > '9')
			return false;
		fraction += unit * (uint32_t)(*p - '0');
	}
	if (negative) {
		*seconds = -*seconds - (fraction ? 1 : 0);
		fraction = fraction ? 1000000000 - fraction : 0;
	}
	*nsec = fraction;
	return true;
}

/* GNU tar escapes "=" and "%" in the names of attributes, since a key ends at the first "=". */
static void unescape(char *name)
{
	char *out = name;

	for (; *name; name++) {
		if (!strncmp(name, "%3D", 3) || !strncmp(name, "%25", 3)) {
			*out++ = name[1] == '3' ? '=' : '%';
			name += 2;
		} else {
			*out++ = *name;
		}
	}
	*out = 0;
}

static bool take_xattr(char *name, struct slice value, struct pax *pax)
{
	unescape(name);
	for (size_t i = 0; i < pax->xattr_count; i++) {
		if (!strcmp(pax->xattrs[i].name, name)) {
			pax->xattrs[i].value = value;
			return true;
		}
	}
	if (!*name || pax->xattr_count == TAR_XATTR_MAX)
		return false;
	pax->xattrs[pax->xattr_count++] = (struct tar_xattr){ name, value };
	return true;
}

static bool take_sparse(const char *key, const char *value, const char *end, struct pax *pax, struct tar_sparse *sparse)
{
	int64_t n;

	pax->is_sparse = true;
	if (!strcmp(key, "name")) {
		pax->sparse_name = value;
		return true;
	}
	if (!strcmp(key, "map"))
		return sparse_add_list(sparse, value);
	if (!tar_decimal(value, end, &n))
		return false;
	if (!strcmp(key, "major"))
		pax->map_in_data = n == 1;
	else if (!strcmp(key, "size") || !strcmp(key, "realsize"))
		pax->real_size = n;
	else if (!strcmp(key, "offset"))
		pax->sparse_offset = n;
	else if (!strcmp(key, "numbytes"))
		return sparse_add(sparse, pax->sparse_offset, n);
	return true;
}

/* take() - One record whose key and value are terminated. An empty value takes back what was said before. */
static bool take(char *key, char *value, size_t len, struct pax *pax, struct tar_sparse *sparse)
{
	const char *end = value + len;
	const char **text = !strcmp(key, "path") ? &pax->path : !strcmp(key, "linkpath") ? &pax->linkpath : NULL;
	int64_t *number = !strcmp(key, "size") ? &pax->size : !strcmp(key, "uid") ? &pax->uid :
			  !strcmp(key, "gid") ? &pax->gid : NULL;

	if (!strncmp(key, TAR_XATTR_PREFIX, strlen(TAR_XATTR_PREFIX)))
		return take_xattr(key + strlen(TAR_XATTR_PREFIX), (struct slice){ (uint8_t *)value, len }, pax);
	/* Only attributes are binary; elsewhere a NUL would hide the rest of the value from one reader and not the other. */
	if (memchr(value, 0, len))
		return !text && !number && strcmp(key, "mtime") && strncmp(key, "GNU.sparse.", 11);
	if (text) {
		*text = len ? value : NULL;
		return true;
	}
	if (number) {
		*number = -1;
		return !len || tar_decimal(value, end, number);
	}
	if (!strcmp(key, "mtime")) {
		pax->has_mtime = len > 0;
		return !len || parse_time(value, &pax->mtime, &pax->mtime_nsec);
	}
	if (!strncmp(key, "GNU.sparse.", 11))
		return take_sparse(key + 11, value, end, pax, sparse);
	return true;
}

int pax_parse(char *data, size_t len, struct pax *pax, struct tar_sparse *sparse, struct err *e)
{
	const char *const all_end = len ? data + len : data;

	*pax = (struct pax){ .size = -1, .uid = -1, .gid = -1, .real_size = -1, .sparse_offset = -1 };
	while (data < all_end) {
		size_t rest = (size_t)(all_end - data);
		char *space = memchr(data, ' ', rest < 20 ? rest : 20), *equals, *end;
		int64_t record;

		if (!space || !tar_decimal(data, space, &record) || record > (int64_t)rest || record <= space + 1 - data)
			return fail(e, EINVAL, "malformed length in a pax header");
		end = data + record - 1;
		equals = memchr(space + 1, '=', (size_t)(end - space - 1));
		if (*end != '\n' || !equals || equals == space + 1 || memchr(space, 0, (size_t)(equals - space)))
			return fail(e, EINVAL, "malformed record in a pax header");
		*equals = 0;
		*end = 0;
		if (!take(space + 1, equals + 1, (size_t)(end - equals - 1), pax, sparse))
			return fail(e, EINVAL, "invalid value of %.64s in a pax header", space + 1);
		data = end + 1;
	}
	return 0;
}
