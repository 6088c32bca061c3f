/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy_xattrs.h"
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

static int take_over_time(int to, int from, struct err *e)
{
	struct timespec times[2];
	struct stat st;

	if (fstat(from, &st) < 0)
		return fail(e, errno, "time");
	times[0] = times[1] = st.st_mtim;
	return futimens(to, times) < 0 ? fail(e, errno, "time") : 0;
}

int take_over_all(int to, int from, const char *name, struct err *e)
{
	size_t len;

	if (take_over(to, from, e) == 0 && copy_xattrs(to, from, e) == 0 && take_over_time(to, from, e) == 0)
		return 0;
	len = strlen(e->text);
	snprintf(e->text + len, sizeof(e->text) - len, " of %.100s", name);
	return -1;
}
