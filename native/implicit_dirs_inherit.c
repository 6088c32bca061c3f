/* SPDX-License-Identifier: Apache-2.0 */
/* Component by component, without following a link: layers are what strangers made, and what they link to is not meant. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "implicit_dirs.h"
#include "overlay_attr.h"
#include "protocol.h"
#include "take_over.h"
#include "tar_format.h"

/*
 * walk() - Open a directory below another. @opaque: set when one on the way, as far as that goes, hides what is in it below
 * its layer. Return: a descriptor, or -1 with errno: ENOENT when nothing has the name, ENOTDIR when something else has.
 */
static int walk(int root, const char *path, bool *opaque)
{
	char copy[TAR_NAME_SIZE], *at = copy, *saved;
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*opaque = false;
	if (strlen(path) >= sizeof(copy)) {
		close_fdp(&fd);
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(copy, path);
	for (char *name; fd >= 0 && (name = strtok_r(at, "/", &saved)); at = NULL) {
		_close_ int parent = fd;

		if (!strcmp(name, "..")) {
			errno = EINVAL;
			return -1;
		}
		*opaque = *opaque || overlay_is_opaque(parent);
		fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	return fd;
}

static bool is_no_directory(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

static int inherit(int layer, const char *path, struct slice request, struct err *e)
{
	struct reader r = reader_of(request);
	bool opaque;
	_close_ int to = walk(layer, path, &opaque);
	char lower[PATH_MAX];
	struct field f;

	/* A later entry of the layer may have put something else in its place. */
	if (to < 0)
		return is_no_directory(errno) ? 0 : fail(e, errno, "open directory %s", path);
	while (!opaque && read_field(&r, &f)) {
		_close_ int below = -1, from = -1;

		if (f.tag != TAG_LOWER)
			continue;
		if (!slice_text(f.value, lower, sizeof(lower)))
			return fail(e, EINVAL, "lower directory");
		below = open(lower, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (below < 0)
			return fail(e, errno, "%s", lower);
		from = walk(below, path, &opaque);
		if (from >= 0)
			return take_over_all(to, from, path, e);
		if (errno != ENOENT)
			return is_no_directory(errno) ? 0 : fail(e, errno, "open directory %s in %s", path, lower);
	}
	return 0;
}

int implicit_dirs_inherit(int layer, struct slice request, struct err *e)
{
	struct reader r = reader_of(request);
	char path[TAR_NAME_SIZE];
	struct field f;

	while (read_field(&r, &f)) {
		if (f.tag != TAG_IMPLICIT)
			continue;
		if (!slice_text(f.value, path, sizeof(path)))
			return fail(e, EINVAL, "name of a directory");
		if (inherit(layer, path, request, e) < 0)
			return -1;
	}
	return r.bad ? fail(e, EINVAL, "malformed request") : 0;
}
