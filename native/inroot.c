/* SPDX-License-Identifier: Apache-2.0 */
/* Paths resolved inside of a root directory, whatever symbolic links the image or the container has put in the way. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "kernel.h"

/*
 * openat2(2) gives EAGAIN when a rename or mount anywhere on the system races with the resolution of a "..": harmless
 * and short, unless somebody provokes it without end.
 */
#define EAGAIN_TRIES 1024

int root_open(int root, const char *path, uint64_t flags, uint64_t mode)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int tries = EAGAIN_TRIES;
	int fd;

	do
		fd = kernel_openat2(root, *path ? path : ".", &how);
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && --tries > 0)));
	return fd;
}

/* make_component() - Make one directory below an open one, independent of the umask. */
static int make_component(int parent, const char *name, uint32_t mode)
{
	mode_t saved = umask(0);
	int result = mkdirat(parent, name, (mode_t)mode);

	umask(saved);
	/* Somebody else was faster: as good. */
	return result < 0 && errno != EEXIST ? -1 : 0;
}

int root_mkdirs(int root, const char *path, uint32_t mode)
{
	char prefix[PATH_MAX];
	size_t len = strlen(path), at = 0;
	int fd = root_open(root, path, O_PATH | O_DIRECTORY, 0);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (len >= sizeof(prefix)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(prefix, path, len + 1);
	while (len > 0 && prefix[len - 1] == '/')
		prefix[--len] = 0;
	fd = root_open(root, "", O_PATH | O_DIRECTORY, 0);
	while (fd >= 0 && at < len) {
		_close_ int parent = fd;
		size_t begin = at + strspn(prefix + at, "/");
		char next;

		at = begin + strcspn(prefix + begin, "/");
		next = prefix[at];
		prefix[at] = 0;
		/* From the root each time: a ".." or a link is resolved as the whole path would be. */
		fd = root_open(root, prefix, O_PATH | O_DIRECTORY, 0);
		if (fd < 0 && errno == ENOENT && make_component(parent, prefix + begin, at == len ? mode : 0755) == 0)
			fd = root_open(root, prefix, O_PATH | O_DIRECTORY, 0);
		prefix[at] = next;
	}
	return fd;
}

#define LINKS_MAX 40

/* up() - Take the last component off. Return: the new length. */
static size_t up(char *path, size_t len)
{
	while (len > 0 && path[--len] != '/')
		;
	path[len] = 0;
	return len;
}

/* read_link() - Return: length of the link's text, 0 when the path is no link or not there. */
static size_t read_link(int root, const char *path, char *text)
{
	_close_ int fd = root_open(root, path, O_PATH | O_NOFOLLOW, 0);
	ssize_t len = fd < 0 ? -1 : readlinkat(fd, "", text, PATH_MAX - 1);

	if (len <= 0)
		return 0;
	text[len] = 0;
	return (size_t)len;
}

int root_follow(int root, const char *path, char *resolved)
{
	char rest[PATH_MAX], text[PATH_MAX], joined[PATH_MAX];
	size_t len = 0;
	int links = 0;

	resolved[0] = 0;
	if (snprintf(rest, sizeof(rest), "%s", path) >= (int)sizeof(rest))
		goto too_long;
	for (char *at = rest; *(at += strspn(at, "/"));) {
		size_t n = strcspn(at, "/"), before = len;

		if (n == 1 && at[0] == '.') {
			at += n;
			continue;
		}
		if (n == 2 && at[0] == '.' && at[1] == '.') {
			len = up(resolved, len);
			at += n;
			continue;
		}
		if (len + n + 2 > PATH_MAX)
			goto too_long;
		len += (size_t)sprintf(resolved + len, "%s%.*s", len ? "/" : "", (int)n, at);
		at += n;
		if (read_link(root, resolved, text) == 0)
			continue;
		if (++links > LINKS_MAX) {
			errno = ELOOP;
			return -1;
		}
		if (snprintf(joined, sizeof(joined), "%s%s", text, at) >= (int)sizeof(joined))
			goto too_long;
		memcpy(rest, joined, sizeof(rest));
		at = rest;
		len = text[0] == '/' ? 0 : before;
		resolved[len] = 0;
	}
	return 0;
too_long:
	errno = ENAMETOOLONG;
	return -1;
}
