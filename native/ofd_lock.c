/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "ofd_lock.h"

static int set(int fd, int command, short type)
{
	struct flock range = { .l_type = type, .l_whence = SEEK_SET };

	return RETRY(fcntl(fd, command, &range));
}

int ofd_lock(int fd, short type)
{
	return set(fd, F_OFD_SETLK, type);
}

int ofd_lock_wait(int fd, short type)
{
	return set(fd, F_OFD_SETLKW, type);
}

bool ofd_is_taken(int no)
{
	return no == EAGAIN || no == EACCES;
}

bool ofd_is_current(int fd, const char *path)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}
