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
#include "unpack_attributes.h"

static bool starts_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

int attributes_check(const struct tar_entry *entry, struct err *e)
{
	for (size_t i = 0; i < entry->xattr_count; i++)
		if (overlay_is_private_name(entry->xattrs[i].name))
			return fail(e, EINVAL, "extended attribute %.64s is not allowed in an archive", entry->xattrs[i].name);
	return 0;
}

/*
 * Capabilities belong to the program, user.* to the application. Labels and ACLs are worth a try: the file system or the
 * user namespace may refuse them. Anything else ("trusted.") is the archiving host's business.
 */
static int set_xattr(int fd, const struct tar_xattr *x, struct err *e)
{
	bool wanted = !strcmp(x->name, "security.capability") || starts_with(x->name, "user.");

	if (!wanted && !starts_with(x->name, "security.") && !starts_with(x->name, "system.posix_acl_"))
		return 0;
	if (fsetxattr(fd, x->name, x->value.data, x->value.len, 0) == 0 || errno == ENOTSUP || !wanted)
		return 0;
	return fail(e, errno, "extended attribute %.64s", x->name);
}

int attributes_apply(int fd, const struct tar_entry *entry, bool fresh, bool own, struct err *e)
{
	bool chowned = !(own && entry->uid == geteuid() && entry->gid == getegid());

	/* chown(2) takes set-id bits and capabilities away: mode and attributes come after it. */
	if (chowned && owner_change(fd, "", entry->uid, entry->gid, AT_EMPTY_PATH) < 0)
		return fail(e, errno, "owner %u:%u", entry->uid, entry->gid);
	if ((!fresh || entry->mode & 07000) && fchmod(fd, (mode_t)entry->mode) < 0)
		return fail(e, errno, "mode %04o", entry->mode);
	if (owner_remember(fd, entry->uid, entry->gid) < 0)
		return fail(e, errno, "owner %u:%u", entry->uid, entry->gid);
	for (size_t i = 0; i < entry->xattr_count; i++)
		if (set_xattr(fd, &entry->xattrs[i], e) < 0)
			return -1;
	if (entry->type != TAR_DIRECTORY) {
		const struct timespec mtime = { entry->mtime, entry->mtime_nsec };
		const struct timespec times[2] = { mtime, mtime };

		if (futimens(fd, times) < 0)
			return fail(e, errno, "time");
	}
	return 0;
}

int attributes_apply_at(int parent, const char *leaf, const struct tar_entry *entry, struct err *e)
{
	const struct timespec mtime = { entry->mtime, entry->mtime_nsec };
	const struct timespec times[2] = { mtime, mtime };

	if (owner_change(parent, leaf, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(e, errno, "owner %u:%u", entry->uid, entry->gid);
	if (utimensat(parent, leaf, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(e, errno, "time");
	return 0;
}
