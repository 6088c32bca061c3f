/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tar_write.h"

#define BUFFER_SIZE (256u << 10)

int tar_writer_init(struct tar_writer *w, int fd, struct err *e)
{
	*w = (struct tar_writer){ .fd = fd, .buffer = malloc(BUFFER_SIZE) };
	return w->buffer ? 0 : fail(e, ENOMEM, "archive buffer");
}

void tar_writer_free(struct tar_writer *w)
{
	free(w->buffer);
	w->buffer = NULL;
}

static int flush(struct tar_writer *w, struct err *e)
{
	for (size_t done = 0; done < w->used;) {
		ssize_t n = RETRY(write(w->fd, w->buffer + done, w->used - done));

		if (n < 0)
			return fail(e, errno, "write archive");
		done += (size_t)n;
	}
	w->used = 0;
	return 0;
}

static int append(struct tar_writer *w, const void *data, size_t len, struct err *e)
{
	const uint8_t *from = data;

	while (len > 0) {
		size_t part = BUFFER_SIZE - w->used;

		if (part > len)
			part = len;
		memcpy(w->buffer + w->used, from, part);
		w->used += part;
		from += part;
		len -= part;
		if (w->used == BUFFER_SIZE && flush(w, e) < 0)
			return -1;
	}
	return 0;
}

static int pad(struct tar_writer *w, uint64_t size, struct err *e)
{
	static const char zeros[TAR_BLOCK];

	return append(w, zeros, (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK, e);
}

/* octal() - Fill a field of @size with digits and a NUL. Return: false, and zero in the field, when they don't fit. */
static bool octal(char *field, size_t size, int64_t value)
{
	bool fits = value >= 0 && value < (int64_t)1 << 3 * (size - 1);
	uint64_t rest = fits ? (uint64_t)value : 0;

	field[size - 1] = 0;
	for (size_t i = size - 1; i-- > 0; rest >>= 3)
		field[i] = (char)('0' + (rest & 7));
	return fits;
}

/* split_name() - Put a name into name and prefix, divided at a slash. Return: false when it doesn't fit. */
static bool split_name(struct ustar *h, const char *name)
{
	size_t len = strlen(name), at;

	if (len <= sizeof(h->name)) {
		memcpy(h->name, name, len);
		return true;
	}
	/* The rest must fit, and must not be empty (a directory's name ends with a slash). */
	for (at = len - sizeof(h->name) - 1; at < len - 1 && name[at] != '/'; at++)
		;
	if (at >= len - 1 || at == 0 || at > sizeof(h->prefix)) {
		memcpy(h->name, name, sizeof(h->name));
		return false;
	}
	memcpy(h->prefix, name, at);
	memcpy(h->name, name + at + 1, len - at - 1);
	return true;
}

/* put_record() - "length key=value\n"; the length counts its own digits. */
static void put_record(struct writer *pax, const char *key, const void *value, size_t len)
{
	size_t rest = strlen(key) + len + 3, total = rest + 1;
	char digits[24];
	int width;

	while ((width = snprintf(digits, sizeof(digits), "%zu", total)) != (int)(total - rest))
		total = rest + (size_t)width;
	put_raw(pax, digits, (size_t)width);
	put_raw(pax, " ", 1);
	put_raw(pax, key, strlen(key));
	put_raw(pax, "=", 1);
	put_raw(pax, value, len);
	put_raw(pax, "\n", 1);
}

static void put_number(struct writer *pax, const char *key, int64_t value)
{
	char text[24];

	put_record(pax, key, text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)value));
}

/* put_xattr() - A key ends at its first "=": escaped as GNU tar does. */
static void put_xattr(struct writer *pax, const struct tar_xattr *x)
{
	char key[sizeof(TAR_XATTR_PREFIX) + 3 * 256] = TAR_XATTR_PREFIX;
	char *out = key + strlen(key), *end = key + sizeof(key) - 4;

	for (const char *c = x->name; *c && out < end; c++) {
		if (*c == '=' || *c == '%')
			out += sprintf(out, *c == '=' ? "%%3D" : "%%25");
		else
			*out++ = *c;
	}
	*out = 0;
	put_record(pax, key, x->value.data, x->value.len);
}

static void finish(struct ustar *h)
{
	memcpy(h->magic, "ustar\0" "00", sizeof(h->magic));
	snprintf(h->checksum, sizeof(h->checksum), "%06o", (unsigned int)tar_checksum(h, false));
	h->checksum[7] = ' ';
}

/* fill() - The entry's header; what doesn't fit goes to @pax. */
static void fill(struct ustar *h, const struct tar_entry *entry, struct writer *pax)
{
	size_t link_len = strlen(entry->link);

	if (!split_name(h, entry->name))
		put_record(pax, "path", entry->name, strlen(entry->name));
	memcpy(h->link, entry->link, link_len < sizeof(h->link) ? link_len : sizeof(h->link));
	if (link_len > sizeof(h->link))
		put_record(pax, "linkpath", entry->link, link_len);
	octal(h->mode, sizeof(h->mode), entry->mode);
	if (!octal(h->uid, sizeof(h->uid), entry->uid))
		put_number(pax, "uid", entry->uid);
	if (!octal(h->gid, sizeof(h->gid), entry->gid))
		put_number(pax, "gid", entry->gid);
	if (!octal(h->size, sizeof(h->size), (int64_t)entry->size))
		put_number(pax, "size", (int64_t)entry->size);
	if (!octal(h->mtime, sizeof(h->mtime), entry->mtime))
		put_number(pax, "mtime", entry->mtime);
	octal(h->major, sizeof(h->major), entry->major);
	octal(h->minor, sizeof(h->minor), entry->minor);
	h->type = entry->type;
	for (size_t i = 0; i < entry->xattr_count; i++)
		put_xattr(pax, &entry->xattrs[i]);
	finish(h);
}

static int write_pax(struct tar_writer *w, const struct writer *pax, struct err *e)
{
	struct ustar h = { .name = "PaxHeaders/entry", .type = TAR_PAX };

	octal(h.mode, sizeof(h.mode), 0644);
	octal(h.uid, sizeof(h.uid), 0);
	octal(h.gid, sizeof(h.gid), 0);
	octal(h.size, sizeof(h.size), (int64_t)pax->len);
	octal(h.mtime, sizeof(h.mtime), 0);
	finish(&h);
	if (append(w, &h, sizeof(h), e) < 0 || append(w, pax->data, pax->len, e) < 0)
		return -1;
	return pad(w, pax->len, e);
}

int tar_write_header(struct tar_writer *w, const struct tar_entry *entry, struct err *e)
{
	_cleanup_(writer_free) struct writer pax = { 0 };
	struct ustar h = { 0 };

	fill(&h, entry, &pax);
	if (pax.failed)
		return fail(e, ENOMEM, "pax header");
	if (pax.len && write_pax(w, &pax, e) < 0)
		return -1;
	return append(w, &h, sizeof(h), e);
}

int tar_write_contents(struct tar_writer *w, int from, uint64_t size, struct err *e)
{
	for (uint64_t left = size; left > 0;) {
		size_t room = BUFFER_SIZE - w->used;
		ssize_t n = RETRY(read(from, w->buffer + w->used, room < left ? room : (size_t)left));

		if (n < 0)
			return fail(e, errno, "read file");
		if (n == 0)
			return fail(e, EIO, "file became shorter while it was read");
		w->used += (size_t)n;
		left -= (uint64_t)n;
		if (w->used == BUFFER_SIZE && flush(w, e) < 0)
			return -1;
	}
	return pad(w, size, e);
}

int tar_write_end(struct tar_writer *w, struct err *e)
{
	static const char zeros[2 * TAR_BLOCK];

	return append(w, zeros, sizeof(zeros), e) < 0 ? -1 : flush(w, e);
}
