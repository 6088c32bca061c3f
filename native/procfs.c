/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "procfs.h"

static int fd = -1;

int procfs_open(void)
{
	struct statfs fs;

	fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -1;
	if (fs.f_type != PROC_SUPER_MAGIC) {
		errno = ENOTSUP;
		return -1;
	}
	return 0;
}

int procfs(void)
{
	return fd;
}

void procfs_adopt(int adopted)
{
	fd = adopted;
}
