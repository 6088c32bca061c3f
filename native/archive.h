/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tar in and out of directories. Runs in worker processes with blocking descriptors; see unpack.c for what a hostile
 * archive can and can't do.
 */
#ifndef CAISSON_ARCHIVE_H
#define CAISSON_ARCHIVE_H

#include <stdint.h>

#include "err.h"
#include "tar_stream.h"
#include "wire.h"

struct archive_result {
	uint64_t entries;
	uint64_t bytes;		/* of file contents */
	struct writer notes;	/* TAG_OPAQUE and TAG_IMPLICIT fields */
};

/*
 * archive_unpack() - Unpack a tar stream below a directory.
 * @tar:	plain tar, read up to its end-of-archive mark and then to its end
 * @root:	directory (O_PATH or not); nothing outside of it is ever touched
 * @base:	directory below @root that receives the entries, "" for @root; resolved in root
 * @flags:	enum unpack_flag
 * Return: 0, or -1 with @e (e->entry names the entry)
 */
int archive_unpack(struct tar_source *tar, int root, const char *base, uint64_t flags, struct archive_result *result,
		   struct err *e);

/* archive_unpack_read() - The same with the tar that comes out of a descriptor. */
int archive_unpack_read(int in, int root, const char *base, uint64_t flags, struct archive_result *result, struct err *e);

/*
 * archive_pack_layer() - Write a layer directory (overlay upper) as a tar stream: overlay whiteouts become .wh. files,
 * opaque directories .wh..wh..opq; entries sorted by name, hard links kept, times capped at @mtime_cap (seconds, -1: none).
 * @options: fields, of which TAG_FLAGS are enum pack_flag, and TAG_EXCLUDE names directories whose contents are left out
 */
int archive_pack_layer(int out, int dir, int64_t mtime_cap, struct slice options, struct archive_result *result, struct err *e);

/*
 * archive_pack_path() - Write one path of a container, and what is below it, as a tar stream named after the path's last
 * component. @path is resolved in @root; a final symbolic link is followed only when the path ends with a slash.
 * @flags:	enum pack_flag
 */
int archive_pack_path(int out, int root, const char *path, uint64_t flags, struct archive_result *result, struct err *e);

/* archive_remove_tree() - Delete a directory and all below it, never crossing into another mount or through a link. */
int archive_remove_tree(int parent, const char *name, struct err *e);

/* root_open() - openat2(RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS) with retries; @path "" is the root itself. Return: fd or -1 with errno. */
int root_open(int root, const char *path, uint64_t flags, uint64_t mode);

/* root_mkdirs() - Make a directory and its missing parents in root. Return: O_PATH fd of it, or -1 with errno. */
int root_mkdirs(int root, const char *path, uint32_t mode);

/*
 * root_follow() - Where a path leads in root although something on it is missing: links are replaced by what they name, and
 * what follows a missing component stays as it is. @resolved: PATH_MAX bytes, without a leading slash. A hint and no more:
 * whoever opens it has it resolved in root again. Return: 0, or -1 with errno.
 */
int root_follow(int root, const char *path, char *resolved);

#endif
