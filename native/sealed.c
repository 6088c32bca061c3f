/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel.h"
#include "sealed.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int copy_all(int from, int to)
{
	struct stat st;
	off_t at = 0;

	if (fstat(from, &st) < 0)
		return -1;
	while (at < st.st_size)
		if (RETRY(sendfile(to, from, &at, (size_t)(st.st_size - at))) <= 0)
			return -1;
	return 0;
}

static bool is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS;
}

int sealed_reexec(char **argv, int (*first)(struct err *e), struct err *e)
{
	_close_ int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	_close_ int copy = -1;
	char *environment[] = { NULL };

	if (self < 0)
		return fail(e, errno, "/proc/self/exe");
	if (is_sealed(self))
		return 0;
	if (first && first(e) < 0)
		return -1;
	/* Before 6.3 the flag is unknown, and memory files are executable anyway. */
	copy = memfd_create("caisson-supervisor", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (copy < 0 && errno == EINVAL)
		copy = memfd_create("caisson-supervisor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (copy < 0 || copy_all(self, copy) < 0 || fcntl(copy, F_ADD_SEALS, SEALS) < 0)
		return fail(e, errno, "sealed copy");
	fexecve(copy, argv, environment);
	return fail(e, errno, "execute the sealed copy");
}
