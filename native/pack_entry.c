/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files to archive entries. The tree may change meanwhile (a running container): what disappears is left out, and a name
 * is never followed, so that nothing outside of the tree can be read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "dir_lease.h"
#include "dir_names.h"
#include "entry_name.h"
#include "overlay_attr.h"
#include "owner.h"
#include "pack.h"
#include "protocol.h"

/* push() - Extend p->name; pop by restoring p->name_len. */
static int push(struct pack *p, const char *prefix, const char *text, struct err *e)
{
	size_t room = sizeof(p->name) - p->name_len;
	int len = snprintf(p->name + p->name_len, room, "%s%s", prefix, text);

	if ((size_t)len >= room)
		return fail(e, ENAMETOOLONG, "path of %.64s", text);
	p->name_len += (size_t)len;
	return 0;
}

static void pop(struct pack *p, size_t len)
{
	p->name_len = len;
	p->name[len] = 0;
}

static struct tar_entry entry_of(const struct pack *p, const struct stat *st, char type)
{
	int64_t mtime = st->st_mtim.tv_sec;

	return (struct tar_entry){
		.name = p->name,
		.link = "",
		.type = type,
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.mtime = p->mtime_cap >= 0 && mtime > p->mtime_cap ? p->mtime_cap : mtime,
	};
}

static int put(struct pack *p, const struct tar_entry *entry, struct err *e)
{
	if (tar_write_header(&p->out, entry, e) < 0)
		return -1;
	p->result->entries++;
	return 0;
}

static int put_whiteout(struct pack *p, const struct stat *st, struct err *e)
{
	struct tar_entry entry = entry_of(p, st, TAR_FILE);

	entry.mode = 0600;
	entry.uid = entry.gid = 0;
	return put(p, &entry, e);
}

static int add_xattrs(struct pack *p, int fd, struct tar_entry *entry, struct err *e)
{
	if (p->names)
		return 0;
	owner_recall(fd, &entry->uid, &entry->gid);
	if (pack_xattrs_read(&p->xattrs, fd, e) < 0)
		return -1;
	entry->xattrs = p->xattrs.items;
	entry->xattr_count = p->xattrs.count;
	return 0;
}

static int put_leaf(struct pack *p, int *dir, const char *leaf, struct err *e);

static int put_contents_of(struct pack *p, int *fd, struct err *e)
{
	_cleanup_(dir_names_free) struct dir_names names = { 0 };
	const size_t len = p->name_len;
	struct stat st;

	if (p->layer && overlay_is_opaque(*fd)) {
		if (fstat(*fd, &st) < 0)
			return fail(e, errno, "stat");
		if (push(p, "", WHITEOUT_OPAQUE_NAME, e) < 0 || put_whiteout(p, &st, e) < 0)
			return -1;
		pop(p, len);
	}
	if (dir_names_read(&names, *fd) < 0)
		return fail(e, errno, "read directory");
	for (size_t i = 0; i < names.count; i++) {
		if (put_leaf(p, fd, names.items[i], e) < 0 && e->no != ENOENT)
			return -1;
		pop(p, len);
	}
	return 0;
}

/* is_excluded() - Whether the directory at hand, whose name ends with a slash, is one that stays empty. */
static bool is_excluded(const struct pack *p)
{
	struct reader r = reader_of(p->options);
	struct field f;

	while (p->name_len && read_field(&r, &f))
		if (f.tag == TAG_EXCLUDE && f.value.len == p->name_len - 1 && !memcmp(f.value.data, p->name, f.value.len))
			return true;
	return false;
}

static int put_dir(struct pack *p, int *fd, struct err *e)
{
	struct tar_entry entry;
	struct stat st;

	if (p->name_len) {
		if (fstat(*fd, &st) < 0)
			return fail(e, errno, "stat");
		entry = entry_of(p, &st, TAR_DIRECTORY);
		if (add_xattrs(p, *fd, &entry, e) < 0 || put(p, &entry, e) < 0)
			return -1;
	}
	return is_excluded(p) ? 0 : put_contents_of(p, fd, e);
}

int pack_dir(struct pack *p, int fd, struct err *e)
{
	return put_dir(p, &fd, e);
}

/* descend() - Into the directory @fd in @dir. */
static int descend(struct pack *p, int *dir, int *fd, struct err *e)
{
	struct dir_lease lease;

	if (dir_lease_begin(&lease, dir, p->depth) < 0)
		return fail(e, errno, "directory");
	p->depth++;
	/* ENOENT: it was removed meanwhile. */
	if (put_dir(p, fd, e) < 0 && e->no != ENOENT)
		return -1;
	p->depth--;
	return dir_lease_end(&lease, dir, *fd) < 0 ? fail(e, ESTALE, "moved while it was read") : 0;
}

static int pack_file(struct pack *p, int fd, const struct stat *st, struct err *e)
{
	struct tar_entry entry = entry_of(p, st, TAR_FILE);

	p->result->bytes += (uint64_t)st->st_size;
	if (p->names)
		return put(p, &entry, e);
	entry.size = (uint64_t)st->st_size;
	if (add_xattrs(p, fd, &entry, e) < 0 || put(p, &entry, e) < 0)
		return -1;
	return tar_write_contents(&p->out, fd, entry.size, e);
}

/* pack_opened() - A regular file or directory. */
static int pack_opened(struct pack *p, int *dir, const char *leaf, struct err *e)
{
	/* O_NONBLOCK: should it be a FIFO by now. */
	_close_ int fd = openat(*dir, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(e, errno == ELOOP ? ENOENT : errno, "open");
	if (S_ISREG(st.st_mode))
		return pack_file(p, fd, &st, e);
	if (!S_ISDIR(st.st_mode))
		return fail(e, ENOENT, "open");
	return push(p, "/", "", e) < 0 ? -1 : descend(p, dir, &fd, e);
}

static int pack_symlink(struct pack *p, int dir, const char *leaf, const struct stat *st, struct err *e)
{
	struct tar_entry entry = entry_of(p, st, TAR_SYMLINK);
	char target[TAR_NAME_SIZE];
	ssize_t len = readlinkat(dir, leaf, target, sizeof(target));

	if (len < 0)
		return fail(e, errno == EINVAL ? ENOENT : errno, "read link");
	if ((size_t)len == sizeof(target))
		return fail(e, ENAMETOOLONG, "read link");
	target[len] = 0;
	entry.link = target;
	return put(p, &entry, e);
}

static int pack_special(struct pack *p, const struct stat *st, struct err *e)
{
	bool device = S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
	struct tar_entry entry = entry_of(p, st, !device ? TAR_FIFO : S_ISCHR(st->st_mode) ? TAR_CHAR : TAR_BLOCK_DEVICE);

	if (device) {
		entry.major = major(st->st_rdev);
		entry.minor = minor(st->st_rdev);
	}
	return put(p, &entry, e);
}

static int pack_hardlink(struct pack *p, const char *target, const struct stat *st, struct err *e)
{
	struct tar_entry entry = entry_of(p, st, TAR_HARDLINK);

	entry.link = target;
	return put(p, &entry, e);
}

/* pack_inode() - What p->name is now the name of. */
static int pack_inode(struct pack *p, int *dir, const char *leaf, const struct stat *st, struct err *e)
{
	if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))
		return pack_opened(p, dir, leaf, e);
	return S_ISLNK(st->st_mode) ? pack_symlink(p, *dir, leaf, st, e) : pack_special(p, st, e);
}

static int put_leaf(struct pack *p, int *dir, const char *leaf, struct err *e)
{
	const char *first;
	struct stat st;

	if (fstatat(*dir, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(e, errno, "stat %.64s", leaf);
	if (p->layer && overlay_is_whiteout(*dir, leaf, &st))
		return push(p, WHITEOUT_PREFIX, leaf, e) < 0 ? -1 : put_whiteout(p, &st, e);
	if (p->layer && !p->names && !strncmp(leaf, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)))
		return fail(e, EINVAL, "%.64s: a layer can't hold a file whose name starts with %s", leaf, WHITEOUT_PREFIX);
	/* Sockets mean nothing without their process, and tar knows none. */
	if (S_ISSOCK(st.st_mode) && !p->names)
		return 0;
	if (push(p, "", leaf, e) < 0)
		return -1;
	if (S_ISDIR(st.st_mode) || st.st_nlink == 1)
		return pack_inode(p, dir, leaf, &st, e);
	first = link_map_find(&p->links, st.st_dev, st.st_ino);
	if (first)
		return pack_hardlink(p, first, &st, e);
	if (pack_inode(p, dir, leaf, &st, e) < 0)
		return -1;
	return link_map_add(&p->links, st.st_dev, st.st_ino, p->name) < 0 ? fail(e, ENOMEM, "hard links") : 0;
}

int pack_leaf(struct pack *p, int dir, const char *leaf, struct err *e)
{
	return put_leaf(p, &dir, leaf, e);
}
