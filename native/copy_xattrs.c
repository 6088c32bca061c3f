/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "copy_xattrs.h"
#include "overlay_attr.h"
#include "owner.h"

/* The names of a file's attributes, each terminated. */
struct names {
	char *text;
	size_t len;
};

static void names_free(struct names *n)
{
	free(n->text);
}

static int names_read(struct names *n, int fd, struct err *e)
{
	ssize_t len = flistxattr(fd, NULL, 0);

	if (len > 0) {
		/* Somebody may add some before they are read. */
		n->text = malloc(XATTR_LIST_MAX);
		if (!n->text)
			return fail(e, ENOMEM, "extended attributes");
		len = flistxattr(fd, n->text, XATTR_LIST_MAX);
	}
	if (len < 0)
		return errno == ENOTSUP ? 0 : fail(e, errno, "list of extended attributes");
	n->len = (size_t)len;
	return 0;
}

static const char *next_name(const struct names *n, const char *name)
{
	if (!name)
		return n->len ? n->text : NULL;
	name += strlen(name) + 1;
	return name < n->text + n->len ? name : NULL;
}

static bool has_name(const struct names *n, const char *wanted)
{
	for (const char *name = next_name(n, NULL); name; name = next_name(n, name))
		if (!strcmp(name, wanted))
			return true;
	return false;
}

static bool is_copied(const char *name)
{
	if (owner_is_flat() && !strcmp(name, OWNER_XATTR))
		return false;	/* take_over() tells the owner */
	return strncmp(name, "trusted.", 8) != 0 && !overlay_is_private_name(name);
}

static bool is_wanted(const char *name)
{
	return !strcmp(name, "security.capability") || !strncmp(name, "user.", 5);
}

static int copy_one(int to, int from, const char *name, char *value, struct err *e)
{
	ssize_t len = fgetxattr(from, name, value, XATTR_SIZE_MAX);

	if (len < 0)
		return errno == ENODATA || !is_wanted(name) ? 0 : fail(e, errno, "extended attribute %.100s", name);
	if (fsetxattr(to, name, value, (size_t)len, 0) == 0 || errno == ENOTSUP || !is_wanted(name))
		return 0;
	return fail(e, errno, "extended attribute %.100s", name);
}

int copy_xattrs(int to, int from, struct err *e)
{
	_cleanup_(names_free) struct names there = { 0 }, names = { 0 };
	_free_ char *value = NULL;

	if (names_read(&names, from, e) < 0 || names_read(&there, to, e) < 0)
		return -1;
	/* First, since there may be no room for both. */
	for (const char *name = next_name(&there, NULL); name; name = next_name(&there, name))
		if (is_copied(name) && !has_name(&names, name) && fremovexattr(to, name) < 0 && errno != ENODATA && is_wanted(name))
			return fail(e, errno, "extended attribute %.100s", name);
	if (names.len && !(value = malloc(XATTR_SIZE_MAX)))
		return fail(e, ENOMEM, "extended attributes");
	for (const char *name = next_name(&names, NULL); name; name = next_name(&names, name))
		if (is_copied(name) && copy_one(to, from, name, value, e) < 0)
			return -1;
	return 0;
}
