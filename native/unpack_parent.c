/* SPDX-License-Identifier: Apache-2.0 */
/* The directory that the next entry goes to. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "entry_name.h"
#include "protocol.h"
#include "unpack.h"

int unpack_path(const struct unpack *u, const char *clean, char *path, struct err *e)
{
	int len = snprintf(path, TAR_NAME_SIZE, "%s%s%s", u->base, *u->base && *clean ? "/" : "", clean);

	return len >= TAR_NAME_SIZE ? fail(e, ENAMETOOLONG, "path of an entry") : 0;
}

/* note_missing() - Which directories on the way, the last one included, are about to be made without an entry of theirs. */
static int note_missing(struct unpack *u, const char *clean, struct err *e)
{
	char prefix[TAR_NAME_SIZE];
	size_t len = 0, whole = strlen(clean);
	bool missing = false;

	while (len < whole) {
		len += strcspn(clean + len + 1, "/") + 1;
		memcpy(prefix, clean, len);
		prefix[len] = 0;
		if (!missing) {
			_close_ int fd = root_open(u->root, prefix, O_PATH | O_DIRECTORY, 0);

			missing = fd < 0;
		}
		if (missing && implicit_dirs_add(&u->implicit, prefix, e) < 0)
			return -1;
	}
	return 0;
}

int unpack_open_dir(struct unpack *u, const char *clean, struct err *e)
{
	char path[TAR_NAME_SIZE];
	int fd;

	if (unpack_path(u, clean, path, e) < 0)
		return -1;
	fd = root_open(u->root, path, O_PATH | O_DIRECTORY, 0);
	if (fd < 0 && errno == ENOENT) {
		if (u->flags & UNPACK_LAYER && note_missing(u, clean, e) < 0)
			return -1;
		fd = root_mkdirs(u->root, path, 0755);
	}
	if (fd < 0 && errno == ENOTDIR && u->flags & UNPACK_LAYER) {
		if (whiteout_clear_parents(u, clean, e) < 0)
			return -1;
		fd = root_mkdirs(u->root, path, 0755);
	}
	return fd < 0 ? fail(e, errno, "open directory %s", path) : fd;
}

void unpack_set_parent(struct unpack *u, const char *clean, int fd)
{
	struct stat st;

	close_fdp(&u->parent);
	u->parent = fd;
	u->parent_stale = false;
	if (fd < 0)
		return;
	strcpy(u->parent_path, clean);
	u->parent_setgid = fstat(fd, &st) < 0 || st.st_mode & S_ISGID;
}

int unpack_enter_parent(struct unpack *u, const char *clean, struct err *e)
{
	const char *leaf = entry_name_leaf(clean);
	size_t len = leaf > clean ? (size_t)(leaf - clean - 1) : 0;
	char path[TAR_NAME_SIZE];
	int fd;

	if (u->parent >= 0 && !u->parent_stale && !strncmp(u->parent_path, clean, len) && !u->parent_path[len])
		return 0;
	memcpy(path, clean, len);
	path[len] = 0;
	fd = unpack_open_dir(u, path, e);
	if (fd < 0)
		return -1;
	unpack_set_parent(u, path, fd);
	return 0;
}
