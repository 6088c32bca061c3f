/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "protocol.h"
#include "read_files.h"

#define LIMIT_DEFAULT (1 << 20)

/* link_of() - Where a descriptor leads, as a path. Return: length, or 0. */
static size_t link_of(int fd, char *path, size_t size)
{
	char link[32];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, size);
	return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

/* put_place() - The path in root after all links. */
static void put_place(struct writer *reply, int root, int fd)
{
	char above[PATH_MAX], path[PATH_MAX];
	size_t above_len = link_of(root, above, sizeof(above)), len = link_of(fd, path, sizeof(path));

	if (above_len == 1)
		above_len = 0;
	if (len > above_len && !memcmp(path, above, above_len) && path[above_len] == '/')
		put_bytes(reply, TAG_PATH, path + above_len + 1, len - above_len - 1);
	else if (len == above_len)
		put_bytes(reply, TAG_PATH, "", 0);
}

static void put_contents(struct writer *reply, int fd, uint64_t limit)
{
	size_t contents = put_begin(reply, TAG_DATA);
	uint8_t chunk[16384];
	ssize_t n;

	while (limit > 0 && (n = RETRY(read(fd, chunk, limit < sizeof(chunk) ? limit : sizeof(chunk)))) > 0) {
		put_raw(reply, chunk, (size_t)n);
		limit -= (uint64_t)n;
	}
	put_end(reply, contents);
}

/* O_NONBLOCK since the name may be that of a fifo. */
static void read_file(int root, const char *path, uint64_t limit, bool link, struct writer *reply)
{
	uint64_t flags = limit ? O_RDONLY | O_NONBLOCK | O_NOCTTY : link ? O_PATH | O_NOFOLLOW : O_PATH;
	_close_ int fd = root_open(root, path, flags | O_CLOEXEC, 0);
	size_t mark = put_begin(reply, TAG_FILE);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		put_u64(reply, TAG_ERRNO, (uint64_t)errno);
		put_end(reply, mark);
		return;
	}
	put_u64(reply, TAG_MODE, st.st_mode);
	put_u64(reply, TAG_UID, st.st_uid);
	put_u64(reply, TAG_GID, st.st_gid);
	put_u64(reply, TAG_SIZE, (uint64_t)st.st_size);
	put_u64(reply, TAG_MTIME, (uint64_t)st.st_mtim.tv_sec);
	put_place(reply, root, fd);
	if (limit && !S_ISREG(st.st_mode))
		put_u64(reply, TAG_ERRNO, S_ISDIR(st.st_mode) ? EISDIR : EINVAL);
	else if (limit)
		put_contents(reply, fd, limit);
	put_end(reply, mark);
}

int read_files(struct slice body, int root, struct writer *reply, struct err *e)
{
	struct reader r = reader_of(body);
	uint64_t limit = LIMIT_DEFAULT, flags = 0;
	char path[PATH_MAX];
	struct field f;

	find_u64(body, TAG_LIMIT, &limit);
	find_u64(body, TAG_FLAGS, &flags);
	while (read_field(&r, &f)) {
		if (f.tag != TAG_PATH)
			continue;
		if (!slice_text(f.value, path, sizeof(path)))
			return fail(e, EINVAL, "path");
		read_file(root, path, limit, flags & 1, reply);
	}
	return reply->len > FRAME_MAX / 2 ? fail(e, EFBIG, "files") : 0;
}
