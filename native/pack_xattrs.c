/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "overlay_attr.h"
#include "owner.h"
#include "pack_xattrs.h"

#define VALUE_MAX (64u << 10)	/* XATTR_SIZE_MAX */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct tar_xattr *)a)->name, ((const struct tar_xattr *)b)->name);
}

/*
 * With redirect_dir or metacopy the directory or the contents are in another layer: an archive of this one alone would
 * silently lack them.
 */
static bool refers_elsewhere(const char *name)
{
	const char *rest = overlay_is_private_name(name) ? strchr(name, '.') : NULL;

	return rest && (!strcmp(rest, ".overlay.redirect") || !strcmp(rest, ".overlay.metacopy"));
}

static bool is_wanted(const char *name)
{
	if (owner_is_flat() && !strcmp(name, OWNER_XATTR))
		return false;	/* said by the owner */
	return !strcmp(name, "security.capability") || (!strncmp(name, "user.", 5) && !overlay_is_private_name(name));
}

static int read_value(struct pack_xattrs *x, int fd, const char *name, struct err *e)
{
	_free_ char *value = malloc(VALUE_MAX);
	ssize_t len;

	if (!value)
		return fail(e, ENOMEM, "extended attributes");
	len = fgetxattr(fd, name, value, VALUE_MAX);
	if (len < 0)
		return errno == ENODATA ? 0 : fail(e, errno, "extended attribute %s", name);
	if (x->count == TAR_XATTR_MAX)
		return fail(e, E2BIG, "more than %d extended attributes", TAR_XATTR_MAX);
	/* The values move while they grow: for now .data is unset. */
	x->items[x->count++] = (struct tar_xattr){ name, { NULL, (size_t)len } };
	put_raw(&x->values, value, (size_t)len);
	return x->values.failed ? fail(e, ENOMEM, "extended attributes") : 0;
}

int pack_xattrs_read(struct pack_xattrs *x, int fd, struct err *e)
{
	const uint8_t *at;
	ssize_t len;

	x->count = 0;
	x->values.len = 0;
	len = flistxattr(fd, x->names, sizeof(x->names));
	if (len < 0)
		return errno == ENOTSUP ? 0 : fail(e, errno, "list of extended attributes");
	for (const char *name = x->names; name < x->names + len; name += strlen(name) + 1) {
		if (refers_elsewhere(name))
			return fail(e, ENOTSUP, "%s: contents are in another layer", name);
		if (is_wanted(name) && read_value(x, fd, name, e) < 0)
			return -1;
	}
	at = x->values.data;
	for (size_t i = 0; i < x->count; i++) {
		x->items[i].value.data = at;
		at += x->items[i].value.len;
	}
	qsort(x->items, x->count, sizeof(x->items[0]), by_name);
	return 0;
}
