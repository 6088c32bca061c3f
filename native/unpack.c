/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacking an archive below a directory.
 *
 * The archive is hostile, and so may be the directory: an image brings any links it likes, and a running container can
 * change its tree meanwhile. What holds nevertheless: each parent directory is resolved by openat2(2) inside the root,
 * links included, and each entry is created, replaced or changed through that parent's descriptor without following the
 * last component. So nothing outside of the root is read or written, whatever the archive says; what it can do is fill
 * the root with what its user could put there as well.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "entry_name.h"
#include "protocol.h"
#include "unpack.h"
#include "unpack_attributes.h"

/* unpack_root_entry() - "./": the receiving directory itself. */
static int unpack_root_entry(struct unpack *u, const struct tar_entry *entry, struct err *e)
{
	const struct timespec mtime = { entry->mtime, entry->mtime_nsec };
	_close_ int fd = -1;

	if (entry->type != TAR_DIRECTORY)
		return fail(e, EINVAL, "the entry of the root isn't a directory");
	/* A copy into a container leaves the receiving directory as it is, as Docker does. */
	if (!(u->flags & UNPACK_LAYER))
		return 0;
	if (attributes_check(entry, e) < 0)
		return -1;
	fd = root_open(u->root, u->base, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fail(e, errno, "open directory");
	if (attributes_apply(fd, entry, false, false, e) < 0)
		return -1;
	return dir_times_add(&u->times, u->base, mtime, e);
}

static int unpack_entry(struct unpack *u, struct tar_entry *entry, struct err *e)
{
	enum whiteout kind = WHITEOUT_NONE;
	char clean[TAR_NAME_SIZE];

	if (!*entry->name)
		return fail(e, EINVAL, "entry without a name");
	if (entry_name_clean(entry->name, clean, e) < 0)
		return -1;
	if (u->flags & UNPACK_NO_OWNER)
		entry->uid = entry->gid = 0;
	if (u->flags & UNPACK_LAYER && entry_name_whiteout(clean, &kind, e) < 0)
		return -1;
	if (kind != WHITEOUT_NONE)
		return whiteout_apply(u, clean, kind, e);
	if (!*clean)
		return unpack_root_entry(u, entry, e);
	return unpack_create(u, clean, entry, e);
}

static int unpack_entries(struct unpack *u, struct err *e)
{
	struct tar_entry entry;
	int result;

	while ((result = tar_next(&u->reader, &entry, e)) > 0) {
		if (unpack_entry(u, &entry, e) < 0) {
			snprintf(e->entry, sizeof(e->entry), "%s", entry.name);
			return -1;
		}
		u->result->entries++;
	}
	if (result < 0)
		snprintf(e->entry, sizeof(e->entry), "%s", entry.name);
	if (result < 0 || dir_times_apply(&u->times, u->root, e) < 0)
		return -1;
	return implicit_dirs_report(&u->implicit, &u->times, &u->result->notes, e);
}

int archive_unpack(struct tar_source *tar, int root, const char *base, uint64_t flags, struct archive_result *result,
		   struct err *e)
{
	struct unpack u = { .root = root, .base = base, .flags = flags, .result = result, .parent = -1 };
	/* Modes are the archive's. */
	mode_t saved = umask(0);
	_close_ int fd = root_open(root, base, O_PATH | O_DIRECTORY, 0);
	int status;

	tar_reader_init(&u.reader, tar);
	status = fd < 0 ? fail(e, errno, "open directory %s", base) : unpack_entries(&u, e);
	if (status == 0 && result->notes.failed)
		status = fail(e, ENOMEM, "notes about directories");
	unpack_set_parent(&u, "", -1);
	tar_reader_free(&u.reader);
	dir_times_free(&u.times);
	implicit_dirs_free(&u.implicit);
	umask(saved);
	return status;
}

int archive_unpack_read(int in, int root, const char *base, uint64_t flags, struct archive_result *result, struct err *e)
{
	struct tar_buffer tar;
	int status;

	status = tar_buffer_init(&tar, read_descriptor, &in, e);
	if (status == 0)
		status = archive_unpack(&tar.source, root, base, flags, result, e);
	tar_buffer_free(&tar);
	return status;
}
