/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAISSON_CGROUP_H
#define CAISSON_CGROUP_H

/* cgroup_kill() - SIGKILL to all in a v2 cgroup and below it (Linux 5.14). @dir may be NULL. Return: 0, or -1 with errno. */
int cgroup_kill(const char *dir);

/*
 * cgroup_kill_each() - The same by reading cgroup.procs, here and below, for hierarchies that can't do it at once.
 * Return: how many processes were found.
 */
int cgroup_kill_each(const char *dir);

/* cgroup_remove() - rmdir() a cgroup and those below it. Return: 0 when it is gone, or -1 with errno (EBUSY: not empty). */
int cgroup_remove(const char *dir);

#endif
