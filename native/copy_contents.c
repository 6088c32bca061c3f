/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy_contents.h"

/* copy_some() - Return: bytes, 0 at the end, or -1 with errno. */
static ssize_t copy_some(int to, int from, off_t at, size_t len, bool *by_range)
{
	if (*by_range) {
		off_t in = at, out = at;
		ssize_t n = RETRY(copy_file_range(from, &in, to, &out, len, 0));

		/* Across file systems, or on one of those that give nothing (copy_file_range(2)). */
		if (n > 0 || (n < 0 && errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP && errno != EPERM))
			return n;
		*by_range = false;
	}
	if (lseek(to, at, SEEK_SET) < 0)
		return -1;
	return RETRY(sendfile(to, from, &at, len));
}

static int copy_range(int to, int from, off_t at, off_t end, bool *by_range)
{
	while (at < end) {
		ssize_t n = copy_some(to, from, at, (size_t)(end - at), by_range);

		if (n < 0)
			return -1;
		if (n == 0)
			return 0;	/* it has become shorter */
		at += n;
	}
	return 0;
}

int copy_contents(int to, int from, struct err *e)
{
	bool by_range = true;
	struct stat st;
	off_t at = 0;

	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	if (fstat(from, &st) < 0)
		return fail(e, errno, "stat");
	while (at < st.st_size) {
		off_t data = lseek(from, at, SEEK_DATA), hole;

		if (data < 0 && errno == ENXIO)
			break;	/* a hole up to the end */
		if (data < 0)
			return fail(e, errno, "data");
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0)
			return fail(e, errno, "hole");
		if (copy_range(to, from, data, hole, &by_range) < 0)
			return fail(e, errno, "copy");
		at = hole;
	}
	return ftruncate(to, st.st_size) < 0 ? fail(e, errno, "size") : 0;
}
