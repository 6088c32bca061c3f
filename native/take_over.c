/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "take_over.h"

int take_over(int to, int from, struct err *e)
{
	struct stat st;

	/* chown(2) takes the set-id bits away. */
	if (fstat(from, &st) < 0 || fchown(to, st.st_uid, st.st_gid) < 0 || fchmod(to, st.st_mode & 07777) < 0)
		return fail(e, errno, "owner and mode");
	return 0;
}
