/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Creating one entry. The parent is open already; all that happens here is done to its leaf, with calls that neither
 * follow it nor open what somebody else may have put there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "entry_name.h"
#include "overlay_attr.h"
#include "protocol.h"
#include "unpack.h"
#include "unpack_attributes.h"

/* An existing hard link target, opened as parent and leaf. */
struct link_target {
	int parent;
	char clean[TAR_NAME_SIZE];
	struct stat st;
};

static void close_target(struct link_target *t)
{
	close_fdp(&t->parent);
}

static int find_target(struct unpack *u, const char *name, struct link_target *t, struct err *e)
{
	char above[TAR_NAME_SIZE], path[TAR_NAME_SIZE];
	const char *leaf;

	if (entry_name_clean(name, t->clean, e) < 0)
		return fail(e, EINVAL, "hard link target contains \"..\"");
	leaf = entry_name_leaf(t->clean);
	if (!*leaf)
		return fail(e, EINVAL, "hard link to the root directory");
	memcpy(above, t->clean, (size_t)(leaf - t->clean));
	above[leaf - t->clean] = 0;
	if (unpack_path(u, above, path, e) < 0)
		return -1;
	t->parent = root_open(u->root, path, O_PATH | O_DIRECTORY, 0);
	if (t->parent < 0 || fstatat(t->parent, leaf, &t->st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(e, errno, "hard link target %s", t->clean);
	if (S_ISDIR(t->st.st_mode))
		return fail(e, EINVAL, "hard link target %s is a directory", t->clean);
	return 0;
}

/* make() - Create the leaf. Return: descriptor of a file, else 0; or -1 with errno. */
static int make(const struct unpack *u, const char *leaf, const struct tar_entry *entry, const struct link_target *target)
{
	mode_t permissions = (mode_t)entry->mode & 0777;

	switch (entry->type) {
	case TAR_FILE:
		return openat(u->parent, leaf, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, permissions);
	case TAR_DIRECTORY:
		return mkdirat(u->parent, leaf, permissions);
	case TAR_SYMLINK:
		return symlinkat(entry->link, u->parent, leaf);
	case TAR_HARDLINK:
		return linkat(target->parent, entry_name_leaf(target->clean), u->parent, leaf, 0);
	case TAR_CHAR:
		return mknodat(u->parent, leaf, S_IFCHR | permissions, makedev(entry->major, entry->minor));
	case TAR_BLOCK_DEVICE:
		return mknodat(u->parent, leaf, S_IFBLK | permissions, makedev(entry->major, entry->minor));
	case TAR_FIFO:
		return mkfifoat(u->parent, leaf, permissions);
	default:
		errno = EINVAL;
		return -1;
	}
}

enum room { ROOM_MADE, ROOM_KEPT, ROOM_WHITEOUT };

/*
 * make_room() - Something has the name already: a directory stays for a directory, all else goes, as in Docker.
 * Return: enum room, -1 with @e.
 */
static int make_room(struct unpack *u, const char *leaf, const struct tar_entry *entry, const struct link_target *target,
		     struct err *e)
{
	bool wants_dir = entry->type == TAR_DIRECTORY, is_dir, whiteout;
	struct stat st;

	if (fstatat(u->parent, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? ROOM_MADE : fail(e, errno, "stat");
	is_dir = S_ISDIR(st.st_mode);
	if (is_dir && wants_dir)
		return ROOM_KEPT;
	/* A link to itself: removing it would lose the file. */
	if (entry->type == TAR_HARDLINK && st.st_dev == target->st.st_dev && st.st_ino == target->st.st_ino)
		return ROOM_KEPT;
	if (is_dir != wants_dir && u->flags & UNPACK_NO_OVERWRITE_TYPE)
		return is_dir ? fail(e, EISDIR, "cannot overwrite a directory with a non-directory") :
				fail(e, ENOTDIR, "cannot overwrite a non-directory with a directory");
	u->parent_stale = is_dir || S_ISLNK(st.st_mode);
	whiteout = u->flags & UNPACK_LAYER && overlay_is_whiteout(u->parent, leaf, &st);
	if (is_dir ? archive_remove_tree(u->parent, leaf, e) < 0 : unlinkat(u->parent, leaf, 0) < 0 && errno != ENOENT)
		return is_dir ? -1 : fail(e, errno, "unlink");
	return whiteout ? ROOM_WHITEOUT : ROOM_MADE;
}

/* write_contents() - The data of the current entry; holes stay holes. */
static int write_contents(struct unpack *u, int fd, uint64_t size, struct err *e)
{
	struct tar_chunk chunk;
	uint64_t end = 0;
	int result;

	while ((result = tar_data(&u->reader, &chunk, e)) > 0) {
		for (size_t done = 0; done < chunk.len;) {
			ssize_t n = RETRY(pwrite(fd, chunk.data + done, chunk.len - done, (off_t)(chunk.offset + done)));

			if (n < 0)
				return fail(e, errno, "write");
			done += (size_t)n;
		}
		end = chunk.offset + chunk.len;
		u->result->bytes += chunk.len;
	}
	if (result == 0 && end < size && ftruncate(fd, (off_t)size) < 0)
		return fail(e, errno, "set size to %llu", (unsigned long long)size);
	return result;
}

static int finish_directory(struct unpack *u, const char *clean, const struct tar_entry *entry, int room, struct err *e)
{
	_close_ int fd = openat(u->parent, entry_name_leaf(clean), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char path[TAR_NAME_SIZE];

	if (fd < 0)
		return fail(e, errno, "open directory");
	if (room == ROOM_WHITEOUT && whiteout_mark_opaque(u, fd, clean, e) < 0)
		return -1;
	if (attributes_apply(fd, entry, room != ROOM_KEPT, room != ROOM_KEPT && !u->parent_setgid, e) < 0)
		return -1;
	if (unpack_path(u, clean, path, e) < 0)
		return -1;
	if (dir_times_add(&u->times, path, (struct timespec){ entry->mtime, entry->mtime_nsec }, e) < 0)
		return -1;
	/* Its contents usually come next. */
	unpack_set_parent(u, clean, steal_fd(&fd));
	return 0;
}

static int check(const struct unpack *u, const struct tar_entry *entry, struct err *e)
{
	if (entry->type < TAR_FILE || entry->type > TAR_FIFO)
		return fail(e, ENOTSUP, "unsupported entry type 0x%02x", (unsigned char)entry->type);
	if (u->flags & UNPACK_LAYER && entry->type == TAR_CHAR && !entry->major && !entry->minor)
		return fail(e, EINVAL, "a device 0:0 in a layer would be taken for a whiteout");
	if (entry->type == TAR_SYMLINK && !*entry->link)
		return fail(e, EINVAL, "symbolic link without a target");
	return attributes_check(entry, e);
}

static bool is_device(const struct tar_entry *entry)
{
	return entry->type == TAR_CHAR || entry->type == TAR_BLOCK_DEVICE;
}

int unpack_create(struct unpack *u, const char *clean, const struct tar_entry *entry, struct err *e)
{
	_cleanup_(close_target) struct link_target target = { .parent = -1 };
	_close_ int fd = -1;
	const char *leaf = entry_name_leaf(clean);
	int room = ROOM_MADE, made;

	if (check(u, entry, e) < 0 || unpack_enter_parent(u, clean, e) < 0)
		return -1;
	if (entry->type == TAR_HARDLINK && find_target(u, entry->link, &target, e) < 0)
		return -1;
	made = make(u, leaf, entry, &target);
	if (made < 0 && errno == EEXIST) {
		room = make_room(u, leaf, entry, &target, e);
		if (room < 0)
			return -1;
		made = room == ROOM_KEPT ? 0 : make(u, leaf, entry, &target);
	}
	/* A user namespace has no devices; a container gets its own /dev. */
	if (made < 0 && errno == EPERM && is_device(entry) && (entry->major || entry->minor))
		return 0;
	if (made < 0)
		return fail(e, errno, "create");
	switch (entry->type) {
	case TAR_FILE:
		fd = made;
		if (write_contents(u, fd, entry->size, e) < 0)
			return -1;
		return attributes_apply(fd, entry, true, !u->parent_setgid, e);
	case TAR_DIRECTORY:
		return finish_directory(u, clean, entry, room, e);
	case TAR_HARDLINK:
		return 0;
	default:
		return attributes_apply_at(u->parent, leaf, entry, e);
	}
}
