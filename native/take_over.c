/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "overlay_attr.h"
#include "owner.h"
#include "take_over.h"

#define NAMES_SIZE 4096	/* of all attributes; what has more keeps what it has */
#define VALUE_SIZE 4096

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

/* copy_attributes() - All that a layer may have. What the file system refuses here was refused there as well, or is no loss. */
static void copy_attributes(int to, int from)
{
	char names[NAMES_SIZE], value[VALUE_SIZE];
	ssize_t len = flistxattr(from, names, sizeof(names));

	for (char *name = names; len > 0 && name < names + len; name += strlen(name) + 1) {
		ssize_t size;

		if (!strncmp(name, "trusted.", 8) || overlay_is_private_name(name))
			continue;
		size = fgetxattr(from, name, value, sizeof(value));
		if (size >= 0)
			fsetxattr(to, name, value, (size_t)size, 0);
	}
}

int take_over_all(int to, int from, struct err *e)
{
	struct timespec times[2];
	struct stat st;

	if (take_over(to, from, e) < 0)
		return -1;
	copy_attributes(to, from);
	if (fstat(from, &st) < 0)
		return fail(e, errno, "time");
	times[0] = times[1] = st.st_mtim;
	return futimens(to, times) < 0 ? fail(e, errno, "time") : 0;
}
