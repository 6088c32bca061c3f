/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "owner.h"
#include "take_over.h"

int take_over(int to, int from, struct err *e)
{
	struct stat st;
	uint32_t uid, gid;

	/* chown(2) takes the set-id bits away. */
	if (fstat(from, &st) < 0 || owner_change(to, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) < 0 || fchmod(to, st.st_mode & 07777) < 0)
		return fail(e, errno, "owner and mode");
	uid = st.st_uid;
	gid = st.st_gid;
	owner_recall(from, &uid, &gid);
	return owner_remember(to, uid, gid) < 0 ? fail(e, errno, "owner") : 0;
}
