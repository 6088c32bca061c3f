/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "files.h"
#include "owner.h"

static bool flat;

void owner_detect(void)
{
	_close_ int fd = open("/proc/self/setgroups", O_RDONLY | O_CLOEXEC);
	char text[4] = { 0 };

	/* Who maps an id without CAP_SETGID must deny setgroups(2) first, and can map one alone (user_namespaces(7)). */
	flat = fd >= 0 && RETRY(read(fd, text, sizeof(text))) == sizeof(text) && !memcmp(text, "deny", sizeof(text));
}

bool owner_is_flat(void)
{
	return flat;
}

int owner_change(int fd, const char *path, uint32_t uid, uint32_t gid, int flags)
{
	return flat ? 0 : fchownat(fd, path, (uid_t)uid, (gid_t)gid, flags);
}

int owner_remember(int fd, uint32_t uid, uint32_t gid)
{
	char text[32];
	int len;

	if (!flat)
		return 0;
	if (!uid && !gid)
		return fremovexattr(fd, OWNER_XATTR) < 0 && errno != ENODATA && errno != ENOTSUP ? -1 : 0;
	len = snprintf(text, sizeof(text), "%" PRIu32 ":%" PRIu32, uid, gid);
	/* A file system without such attributes forgets it. */
	return fsetxattr(fd, OWNER_XATTR, text, (size_t)len, 0) < 0 && errno != ENOTSUP ? -1 : 0;
}

void owner_recall(int fd, uint32_t *uid, uint32_t *gid)
{
	char text[32];
	uint32_t kept_uid, kept_gid;
	ssize_t len = flat ? fgetxattr(fd, OWNER_XATTR, text, sizeof(text) - 1) : -1;

	if (len < 0)
		return;
	text[len] = 0;
	if (sscanf(text, "%" SCNu32 ":%" SCNu32, &kept_uid, &kept_gid) != 2)
		return;	/* the container may write there what it likes */
	*uid = kept_uid;
	*gid = kept_gid;
}
