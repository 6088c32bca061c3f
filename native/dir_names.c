/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dir_names.h"
#include "err.h"

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add(struct dir_names *d, const char *name)
{
	if (d->count == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 32;
		char **items = realloc(d->items, cap * sizeof(*items));

		if (!items)
			return -1;
		d->items = items;
		d->cap = cap;
	}
	d->items[d->count] = strdup(name);
	return d->items[d->count] ? (d->count++, 0) : -1;
}

static int read_names(struct dir_names *d, int fd, bool only_dirs)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), saved;
	struct dirent *entry;
	DIR *dir;

	if (copy < 0)
		return -1;
	dir = fdopendir(copy);
	if (!dir) {
		close_fdp(&copy);
		return -1;
	}
	while (errno = 0, (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") || (only_dirs && entry->d_type != DT_DIR))
			continue;
		if (add(d, entry->d_name) < 0)
			break;
	}
	saved = errno;
	closedir(dir);
	if (d->count)
		qsort(d->items, d->count, sizeof(*d->items), by_bytes);
	errno = saved;
	return saved ? -1 : 0;
}

int dir_names_read(struct dir_names *d, int fd)
{
	return read_names(d, fd, false);
}

int dir_names_read_dirs(struct dir_names *d, int fd)
{
	return read_names(d, fd, true);
}

void dir_names_free(struct dir_names *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->items[i]);
	free(d->items);
	*d = (struct dir_names){ 0 };
}
