/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "implicit_dirs.h"
#include "protocol.h"

/* A reply has room for so much; no layer that somebody made on purpose comes near it. */
#define REPORT_MAX (FRAME_MAX / 2)

int implicit_dirs_add(struct implicit_dirs *d, const char *path, struct err *e)
{
	if (d->count == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 64;
		char **paths = realloc(d->paths, cap * sizeof(*paths));

		if (!paths)
			return fail(e, ENOMEM, "list of directories");
		d->paths = paths;
		d->cap = cap;
	}
	d->paths[d->count] = strdup(path);
	if (!d->paths[d->count])
		return fail(e, ENOMEM, "list of directories");
	d->count++;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* forget() - All elements that are this path: an archive can make, remove and make it again. */
static void forget(struct implicit_dirs *d, bool *described, const char *path)
{
	char **found = bsearch(&path, d->paths, d->count, sizeof(*d->paths), compare);
	size_t at;

	if (!found)
		return;
	at = (size_t)(found - d->paths);
	while (at > 0 && !strcmp(d->paths[at - 1], path))
		at--;
	/* Once is enough: an archive may describe a directory any number of times. */
	for (; !described[at]; at++) {
		described[at] = true;
		if (at + 1 == d->count || strcmp(d->paths[at + 1], path) != 0)
			break;
	}
}

int implicit_dirs_report(struct implicit_dirs *d, const struct dir_times *described, struct writer *notes, struct err *e)
{
	_free_ bool *is_described = NULL;
	size_t begin = notes->len;

	if (d->count == 0)
		return 0;
	is_described = calloc(d->count, sizeof(*is_described));
	if (!is_described)
		return fail(e, ENOMEM, "list of directories");
	/* A parent is a prefix of its children, and so sorted before them. */
	qsort(d->paths, d->count, sizeof(*d->paths), compare);
	for (size_t i = 0; i < described->count; i++)
		forget(d, is_described, dir_times_path(described, i));
	for (size_t i = 0; i < d->count; i++) {
		if (is_described[i] || (i > 0 && !strcmp(d->paths[i - 1], d->paths[i])))
			continue;
		put_text(notes, TAG_IMPLICIT, d->paths[i]);
		if (notes->len - begin > REPORT_MAX)
			return fail(e, E2BIG, "more directories without an entry than there is room for");
	}
	return 0;
}

void implicit_dirs_free(struct implicit_dirs *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->paths[i]);
	free(d->paths);
	*d = (struct implicit_dirs){ 0 };
}
