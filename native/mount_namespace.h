/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mount namespaces: our own, apart from the host's, and stepping into others. A mount can only be copied by somebody who is
 * in its namespace (open_tree(2)); the copy, which is attached nowhere, can then be mounted in any.
 */
#ifndef CAISSON_MOUNT_NAMESPACE_H
#define CAISSON_MOUNT_NAMESPACE_H

/*
 * mount_namespace_init() - Mounts of the host still arrive here, nothing that happens here travels back. Where it is refused
 * (no privileges yet, a rootless session) the host's namespace serves: the supervisor itself never mounts anything in it.
 */
void mount_namespace_init(void);

/* mount_namespace_host() - Descriptor of the host's, or -1. */
int mount_namespace_host(void);

/* mount_namespace_adopt() - In a child that renumbered its descriptors: the new number. */
void mount_namespace_adopt(int adopted);

/*
 * mount_namespace_tree() - A detached copy of what is mounted at a path of another namespace, resolved in the root of that.
 * For processes that run a plan: it ends in the namespace and root where it began, or not at all.
 * @ns:		namespace, or pidfd of a process in it
 * @flags:	of open_tree(2)
 * Return: descriptor, or -1 with errno.
 */
int mount_namespace_tree(int ns, const char *path, unsigned flags);

#endif
