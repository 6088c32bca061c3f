/* SPDX-License-Identifier: Apache-2.0 */
/* The two things that are packed: a layer directory, and a path of a container. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entry_name.h"
#include "pack.h"

static void pack_free(struct pack **p)
{
	if (!*p)
		return;
	tar_writer_free(&(*p)->out);
	link_map_free(&(*p)->links);
	writer_free(&(*p)->xattrs.values);
	free(*p);
}

static struct pack *pack_new(int out, struct archive_result *result, struct err *e)
{
	struct pack *p = calloc(1, sizeof(*p));

	if (!p) {
		fail(e, ENOMEM, "archive");
		return NULL;
	}
	p->mtime_cap = -1;
	p->result = result;
	if (tar_writer_init(&p->out, out, e) == 0)
		return p;
	pack_free(&p);
	return NULL;
}

/* finish() - End the archive, or say which entry failed. */
static int finish(struct pack *p, int status, struct err *e)
{
	if (status == 0)
		return tar_write_end(&p->out, e);
	snprintf(e->entry, sizeof(e->entry), "%.255s", p->name);
	return -1;
}

int archive_pack_layer(int out, int dir, int64_t mtime_cap, struct slice options, struct archive_result *result, struct err *e)
{
	_cleanup_(pack_free) struct pack *p = pack_new(out, result, e);
	_close_ int fd = -1;

	if (!p)
		return -1;
	p->layer = true;
	p->mtime_cap = mtime_cap;
	p->options = options;
	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "open layer directory");
	return finish(p, pack_dir(p, fd, e), e);
}

static bool is_dots(const char *leaf)
{
	return !*leaf || !strcmp(leaf, ".") || !strcmp(leaf, "..");
}

/*
 * Names are those of Docker's archive endpoint: "/etc/ssl" and "/etc/ssl/" give "ssl/...", "/etc/ssl/." gives "./...".
 * For the root Docker writes absolute names; "./..." is the same to every reader and surprises none.
 */
int archive_pack_path(int out, int root, const char *path, struct archive_result *result, struct err *e)
{
	_cleanup_(pack_free) struct pack *p = pack_new(out, result, e);
	char above[TAR_NAME_SIZE];
	_close_ int fd = -1;
	size_t len = strlen(path), begin;
	const char *leaf;

	if (!p)
		return -1;
	if (len >= sizeof(above))
		return fail(e, ENAMETOOLONG, "path");
	memcpy(above, path, len + 1);
	while (len > 0 && above[len - 1] == '/')
		above[--len] = 0;
	leaf = entry_name_leaf(above);
	if (is_dots(leaf) || path[len] == '/') {
		fd = root_open(root, path, O_RDONLY | O_DIRECTORY, 0);
		if (fd < 0)
			return fail(e, errno, "open directory %s", path);
		p->name_len = (size_t)snprintf(p->name, sizeof(p->name), "%s/", is_dots(leaf) ? "." : leaf);
		return finish(p, pack_dir(p, fd, e), e);
	}
	begin = (size_t)(leaf - above);
	leaf = path + begin;
	above[begin] = 0;
	fd = root_open(root, above, O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return fail(e, errno, "open directory %s", above);
	return finish(p, pack_leaf(p, fd, leaf, e), e);
}
