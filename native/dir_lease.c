/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dir_lease.h"
#include "err.h"

/* So many levels keep theirs: three each in the walk that needs most. */
#define DEPTH_OPEN 64
/* No path leads as deep, and the stack does not go on without end. */
#define DEPTH_MAX 4096

int dir_lease_begin(struct dir_lease *l, int *fd, int depth)
{
	struct stat st;

	*l = (struct dir_lease){ 0 };
	if (depth >= DEPTH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (depth < DEPTH_OPEN || *fd < 0)
		return 0;
	if (fstat(*fd, &st) < 0)
		return -1;
	*l = (struct dir_lease){ st.st_dev, st.st_ino, true };
	close(*fd);
	*fd = -1;
	return 0;
}

int dir_lease_end(const struct dir_lease *l, int *fd, int child)
{
	struct stat st;

	if (!l->closed)
		return 0;
	*fd = openat(child, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return -1;
	if (fstat(*fd, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
		return 0;
	close(*fd);
	*fd = -1;
	errno = ESTALE;
	return -1;
}
