/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps into namespaces from which this process could not come back: that takes CAP_SYS_ADMIN over the host's namespace, and a user's
 * supervisor has it only over those of its own user namespace. Another process goes there instead, and ends there.
 */
#ifndef CAISSON_BESIDE_H
#define CAISSON_BESIDE_H

/*
 * beside_run() - Call @run(@context) in a process that shares our memory and descriptors, while we stand still (60 us). It may leave
 * its namespaces; what it opens is ours. errno is as @run left it.
 * Return: what @run returned, or -1 with errno.
 */
int beside_run(int (*run)(void *context), void *context);

#endif
