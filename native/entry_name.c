/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "entry_name.h"

#define META_PREFIX ".wh..wh."

int entry_name_clean(const char *name, char *clean, struct err *e)
{
	char *out = clean;

	while (*name) {
		size_t len = strcspn(name, "/");

		if (len == 2 && name[0] == '.' && name[1] == '.')
			return fail(e, EINVAL, "entry name contains \"..\"");
		if (len > 0 && !(len == 1 && name[0] == '.')) {
			if (out != clean)
				*out++ = '/';
			memcpy(out, name, len);
			out += len;
		}
		name += len;
		name += strspn(name, "/");
	}
	*out = 0;
	return 0;
}

const char *entry_name_leaf(const char *clean)
{
	const char *slash = strrchr(clean, '/');

	return slash ? slash + 1 : clean;
}

static bool starts_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

int entry_name_whiteout(const char *clean, enum whiteout *kind, struct err *e)
{
	const char *leaf = entry_name_leaf(clean), *hidden;

	*kind = WHITEOUT_METADATA;
	for (const char *at = clean; at < leaf; at = strchr(at, '/') + 1) {
		if (starts_with(at, META_PREFIX))
			return 0;
		if (starts_with(at, WHITEOUT_PREFIX))
			return fail(e, EINVAL, "entry below a whiteout");
	}
	if (!strcmp(leaf, WHITEOUT_OPAQUE_NAME)) {
		*kind = WHITEOUT_OPAQUE;
		return 0;
	}
	if (starts_with(leaf, META_PREFIX))
		return 0;
	*kind = WHITEOUT_NONE;
	if (!starts_with(leaf, WHITEOUT_PREFIX))
		return 0;
	*kind = WHITEOUT_NAME;
	hidden = leaf + strlen(WHITEOUT_PREFIX);
	if (!*hidden || !strcmp(hidden, ".") || !strcmp(hidden, ".."))
		return fail(e, EINVAL, "whiteout of an invalid name");
	return 0;
}
