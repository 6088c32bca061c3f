/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tar_read.h"

#define PAX_MAX (1u << 20)	/* extended headers of one entry together; Go's reader has the same limit */

void tar_reader_init(struct tar_reader *r, struct tar_source *source)
{
	memset(r, 0, sizeof(*r));
	r->stream.source = source;
}

void tar_reader_free(struct tar_reader *r)
{
	free(r->pax_data);
	sparse_free(&r->sparse);
}

static uint64_t padding_of(uint64_t size)
{
	return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

/* read_all() - Contents of a header-like entry with their padding. @to has room for @size bytes. */
static int read_all(struct tar_reader *r, char *to, uint64_t size, struct err *e)
{
	const uint8_t *data;
	size_t len;

	for (uint64_t left = size; left > 0; left -= len, to += len) {
		if (stream_take(&r->stream, left, &data, &len, e) < 0)
			return -1;
		memcpy(to, data, len);
	}
	return stream_skip(&r->stream, padding_of(size), e);
}

/* read_long() - GNU's @LongLink: a name, usually with a NUL. */
static int read_long(struct tar_reader *r, char *to, uint64_t size, struct err *e)
{
	if (size >= TAR_NAME_SIZE)
		return fail(e, ENAMETOOLONG, "a name in the archive is longer than %d bytes", TAR_NAME_SIZE - 1);
	if (read_all(r, to, size, e) < 0)
		return -1;
	to[size] = 0;
	return 0;
}

/* read_pax() - Collect an extended header; several ones before the same entry count as one. */
static int read_pax(struct tar_reader *r, uint64_t size, struct err *e)
{
	char *data;

	if (size > PAX_MAX - r->pax_len)
		return fail(e, E2BIG, "a pax header in the archive is larger than %u bytes", PAX_MAX);
	data = realloc(r->pax_data, r->pax_len + size + 1);
	if (!data)
		return fail(e, ENOMEM, "pax header");
	r->pax_data = data;
	r->pax_len += size;
	return read_all(r, data + r->pax_len - size, size, e);
}

static bool is_zero(const struct ustar *h)
{
	const char *bytes = (const char *)h;

	return !bytes[0] && !memcmp(bytes, bytes + 1, TAR_BLOCK - 1);
}

static int check_header(const struct ustar *h, struct err *e)
{
	int64_t checksum;

	if (!tar_number(h->checksum, sizeof(h->checksum), &checksum) ||
	    (checksum != tar_checksum(h, false) && checksum != tar_checksum(h, true)))
		return fail(e, EINVAL, "not a tar header (its checksum is wrong)");
	return 0;
}

/* read_headers() - Read extension headers up to the entry's own. Return: 1 with @h, 0 at the end, -1 with @e. */
static int read_headers(struct tar_reader *r, struct ustar *h, struct err *e)
{
	bool pending = false;

	for (;;) {
		const struct ustar *block;
		int64_t size;
		int result;

		e->no = 0;
		block = stream_block(&r->stream, e);
		if (!block)
			return e->no ? -1 : pending ? stream_cut_short(e) : 0;
		memcpy(h, block, sizeof(*h));
		if (is_zero(h)) {
			/* Two zero blocks end the archive; the source may end after the first. */
			block = stream_block(&r->stream, e);
			if (pending)
				return stream_cut_short(e);
			if (!block)
				return e->no ? -1 : 0;
			return is_zero(block) ? stream_drain(&r->stream, e) : fail(e, EINVAL, "entries follow an end-of-archive block");
		}
		if (check_header(h, e) < 0)
			return -1;
		if (!tar_number(h->size, sizeof(h->size), &size) || size < 0)
			return fail(e, EINVAL, "invalid size in a tar header");
		switch (h->type) {
		case TAR_PAX:
			result = read_pax(r, (uint64_t)size, e);
			break;
		case TAR_GNU_LONG_NAME:
			result = read_long(r, r->name, (uint64_t)size, e);
			break;
		case TAR_GNU_LONG_LINK:
			result = read_long(r, r->link, (uint64_t)size, e);
			break;
		case TAR_PAX_GLOBAL:
			/* Comments and defaults that no builder of images relies on: Docker ignores them as well. */
			if (stream_skip(&r->stream, (uint64_t)size, e) < 0 || stream_skip(&r->stream, padding_of((uint64_t)size), e) < 0)
				return -1;
			continue;
		default:
			return 1;
		}
		if (result < 0)
			return -1;
		pending = true;
	}
}

static int copy_name(char *to, const char *from, struct err *e)
{
	size_t len = strlen(from);

	if (len >= TAR_NAME_SIZE)
		return fail(e, ENAMETOOLONG, "a name in the archive is longer than %d bytes", TAR_NAME_SIZE - 1);
	memcpy(to, from, len + 1);
	return 0;
}

static int set_names(struct tar_reader *r, const struct ustar *h, struct err *e)
{
	const char *path = r->pax.sparse_name ? r->pax.sparse_name : r->pax.path;

	if (path) {
		if (copy_name(r->name, path, e) < 0)
			return -1;
	} else if (!r->name[0]) {
		bool has_prefix = !memcmp(h->magic, "ustar", 6) && h->prefix[0];

		snprintf(r->name, sizeof(r->name), "%.*s%s%.*s", has_prefix ? (int)sizeof(h->prefix) : 0, h->prefix,
			 has_prefix ? "/" : "", (int)sizeof(h->name), h->name);
	}
	if (r->pax.linkpath)
		return copy_name(r->link, r->pax.linkpath, e);
	if (!r->link[0])
		snprintf(r->link, sizeof(r->link), "%.*s", (int)sizeof(h->link), h->link);
	return 0;
}

/* An id of all ones means "leave it" to chown(2): no archive may say that. */
static bool take_id(int64_t pax, const char *field, size_t size, uint32_t *id)
{
	int64_t value = pax;

	if (pax < 0 && !tar_number(field, size, &value))
		return false;
	*id = (uint32_t)value;
	return value >= 0 && value < UINT32_MAX;
}

static bool is_device(char type)
{
	return type == TAR_CHAR || type == TAR_BLOCK_DEVICE;
}

static int set_metadata(struct tar_reader *r, const struct ustar *h, struct tar_entry *entry, struct err *e)
{
	int64_t mode, mtime, major = 0, minor = 0;

	if (!tar_number(h->mode, sizeof(h->mode), &mode))
		return fail(e, EINVAL, "invalid mode in a tar header");
	if (!take_id(r->pax.uid, h->uid, sizeof(h->uid), &entry->uid) ||
	    !take_id(r->pax.gid, h->gid, sizeof(h->gid), &entry->gid))
		return fail(e, EINVAL, "invalid owner in a tar header");
	if (r->pax.has_mtime)
		mtime = r->pax.mtime;
	else if (!tar_number(h->mtime, sizeof(h->mtime), &mtime))
		return fail(e, EINVAL, "invalid time in a tar header");
	if (is_device(entry->type) && (!tar_number(h->major, sizeof(h->major), &major) ||
				       !tar_number(h->minor, sizeof(h->minor), &minor) || major < 0 || minor < 0 ||
				       major > UINT32_MAX || minor > UINT32_MAX))
		return fail(e, EINVAL, "invalid device number in a tar header");
	entry->mode = (uint32_t)mode & 07777;
	entry->mtime = mtime;
	entry->mtime_nsec = r->pax.has_mtime ? r->pax.mtime_nsec : 0;
	entry->major = (uint32_t)major;
	entry->minor = (uint32_t)minor;
	entry->xattrs = r->pax.xattrs;
	entry->xattr_count = r->pax.xattr_count;
	return 0;
}

static char type_of(const struct ustar *h, const char *name)
{
	size_t len = strlen(name);

	if (h->type == 0)	/* v7 knew no directories but by their names */
		return len > 0 && name[len - 1] == '/' ? TAR_DIRECTORY : TAR_FILE;
	if (h->type == TAR_CONTIGUOUS || h->type == TAR_GNU_SPARSE)
		return TAR_FILE;
	return h->type;
}

/* read_gnu_map() - Map of the old GNU format: in the header, continued in blocks right behind it. */
static int read_gnu_map(struct tar_reader *r, const struct ustar *h, int64_t *real_size, struct err *e)
{
	const char *bytes = (const char *)h;
	bool extended = bytes[482];

	if (!tar_number(bytes + 483, 12, real_size) || !sparse_add_gnu(&r->sparse, bytes + 386, 4))
		return fail(e, EINVAL, "invalid map of a sparse file");
	while (extended) {
		e->no = 0;
		bytes = stream_block(&r->stream, e);
		if (!bytes)
			return e->no ? -1 : stream_cut_short(e);
		extended = bytes[504];
		if (!sparse_add_gnu(&r->sparse, bytes, 21))
			return fail(e, EINVAL, "invalid map of a sparse file");
	}
	return 0;
}

/* read_line() - One decimal line of a sparse 1.0 map, taken from the contents. */
static int read_line(struct tar_reader *r, int64_t *value, struct err *e)
{
	char text[24];
	size_t used = 0, len;
	const uint8_t *byte;

	for (;;) {
		if (r->left == 0 || used == sizeof(text))
			return fail(e, EINVAL, "invalid map of a sparse file");
		if (stream_take(&r->stream, 1, &byte, &len, e) < 0)
			return -1;
		r->left--;
		if (*byte == '\n')
			break;
		text[used++] = (char)*byte;
	}
	return tar_decimal(text, text + used, value) ? 0 : fail(e, EINVAL, "invalid map of a sparse file");
}

/* read_data_map() - Map of pax format 1.0: count, then offset and length in turn, padded to a block. */
static int read_data_map(struct tar_reader *r, struct err *e)
{
	const uint64_t stored = r->left;
	int64_t count, offset, length;
	uint64_t rest;

	if (read_line(r, &count, e) < 0)
		return -1;
	for (; count > 0; count--) {
		if (read_line(r, &offset, e) < 0 || read_line(r, &length, e) < 0)
			return -1;
		if (!sparse_add(&r->sparse, offset, length))
			return fail(e, EINVAL, "invalid map of a sparse file");
	}
	rest = padding_of(stored - r->left);
	if (rest > r->left)
		return fail(e, EINVAL, "invalid map of a sparse file");
	r->left -= rest;
	return stream_skip(&r->stream, rest, e);
}

/* begin_contents() - Prepare for tar_data(). */
static int begin_contents(struct tar_reader *r, const struct ustar *h, struct tar_entry *entry, struct err *e)
{
	int64_t size = r->pax.size, real_size = r->pax.real_size;

	if (size < 0 && !tar_number(h->size, sizeof(h->size), &size))
		return fail(e, EINVAL, "invalid size in a tar header");
	/* Links, directories and devices have no contents whatever their size field says (POSIX; Go does the same). */
	if (entry->type >= TAR_HARDLINK && entry->type <= TAR_FIFO)
		size = 0;
	r->left = (uint64_t)size;
	r->padding = padding_of(r->left);
	entry->size = r->left;
	if (entry->type != TAR_FILE)
		return 0;
	if (h->type == TAR_GNU_SPARSE) {
		if (read_gnu_map(r, h, &real_size, e) < 0)
			return -1;
	} else if (!r->pax.is_sparse) {
		return 0;
	} else if (r->pax.map_in_data && read_data_map(r, e) < 0) {
		return -1;
	}
	if (real_size < 0 || !sparse_valid(&r->sparse, (uint64_t)real_size, r->left))
		return fail(e, EINVAL, "invalid map of a sparse file");
	r->is_sparse = true;
	entry->size = (uint64_t)real_size;
	return 0;
}

int tar_next(struct tar_reader *r, struct tar_entry *entry, struct err *e)
{
	struct ustar h;
	int result;

	if (stream_skip(&r->stream, r->left, e) < 0 || stream_skip(&r->stream, r->padding, e) < 0)
		return -1;
	r->left = r->padding = r->offset = r->extent_done = 0;
	r->extent = r->sparse.count = r->pax_len = 0;
	r->is_sparse = false;
	r->name[0] = r->link[0] = 0;
	*entry = (struct tar_entry){ .name = r->name, .link = r->link };
	result = read_headers(r, &h, e);
	if (result <= 0)
		return result;
	if (pax_parse(r->pax_data, r->pax_len, &r->pax, &r->sparse, e) < 0 || set_names(r, &h, e) < 0)
		return -1;
	entry->type = type_of(&h, r->name);
	if (set_metadata(r, &h, entry, e) < 0 || begin_contents(r, &h, entry, e) < 0)
		return -1;
	return 1;
}

int tar_data(struct tar_reader *r, struct tar_chunk *chunk, struct err *e)
{
	uint64_t limit = r->left;

	if (r->left == 0)
		return 0;
	if (r->is_sparse) {
		const struct tar_extent *x;

		while (r->extent_done == r->sparse.extents[r->extent].length) {
			r->extent++;
			r->extent_done = 0;
		}
		x = &r->sparse.extents[r->extent];
		limit = x->length - r->extent_done;
		chunk->offset = x->offset + r->extent_done;
	} else {
		chunk->offset = r->offset;
	}
	if (stream_take(&r->stream, limit, &chunk->data, &chunk->len, e) < 0)
		return -1;
	r->left -= chunk->len;
	r->extent_done += chunk->len;
	r->offset += chunk->len;
	return 1;
}
