/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive.h"
#include "dir_times.h"

struct dir_time {
	char *path;
	struct timespec mtime;
};

int dir_times_add(struct dir_times *d, const char *path, struct timespec mtime, struct err *e)
{
	char *copy;

	if (d->count == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 256;
		struct dir_time *items = realloc(d->items, cap * sizeof(*items));

		if (!items)
			return fail(e, ENOMEM, "times of directories");
		d->items = items;
		d->cap = cap;
	}
	copy = strdup(path);
	if (!copy)
		return fail(e, ENOMEM, "times of directories");
	d->items[d->count++] = (struct dir_time){ copy, mtime };
	/* cppcheck-suppress memleak ; it is in the table */
	return 0;
}

const char *dir_times_path(const struct dir_times *d, size_t i)
{
	return d->items[i].path;
}

int dir_times_apply(const struct dir_times *d, int root, struct err *e)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct timespec times[2] = { d->items[i].mtime, d->items[i].mtime };
		_close_ int fd = root_open(root, d->items[i].path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);

		/* A later entry may have put something else in its place. */
		if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
			continue;
		if (fd < 0 || futimens(fd, times) < 0)
			return fail(e, errno, "time of %s", d->items[i].path);
	}
	return 0;
}

void dir_times_free(struct dir_times *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->items[i].path);
	free(d->items);
	*d = (struct dir_times){ 0 };
}
