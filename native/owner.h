/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who files belong to. In a user namespace of a single id everything belongs to that one (user_namespaces(7)): chown(2) to any other is
 * refused. What an archive said is kept then in an extended attribute of files and directories, for the archives that are made of them.
 */
#ifndef CAISSON_OWNER_H
#define CAISSON_OWNER_H

#include <stdbool.h>
#include <stdint.h>

#define OWNER_XATTR "user.caisson.owner"

/* owner_detect() - At start: whether there is one id, for this process and its children. */
void owner_detect(void);

bool owner_is_flat(void);

/* owner_change() - As fchownat(2); with one id, nothing. Return: 0, or -1 with errno. */
int owner_change(int fd, const char *path, uint32_t uid, uint32_t gid, int flags);

/* owner_remember() - With one id: keep the owner of a file or directory that is not root's. Return: 0, or -1 with errno. */
int owner_remember(int fd, uint32_t uid, uint32_t gid);

/* owner_recall() - With one id, and where another owner is kept: that one. */
void owner_recall(int fd, uint32_t *uid, uint32_t *gid);

#endif
