/* SPDX-License-Identifier: Apache-2.0 */
/* Paths resolved inside of a root directory, whatever symbolic links the image or the container has put in the way. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

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
