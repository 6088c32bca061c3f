/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a session's cgroup is. The list in the session's directory tells it as long as there is that directory, and somebody may delete
 * the data root around it, or look for leftovers from another one. So whoever makes a cgroup locks it, which the kernel undoes with his
 * last process, and marks it afterwards: marked and not locked, nobody has it any more. Locks hold across mount namespaces.
 */
#ifndef CAISSON_CGROUP_CLAIM_H
#define CAISSON_CGROUP_CLAIM_H

#include <stdbool.h>
#include <time.h>

/* cgroup_claim() - Make the cgroup unless it is there; ours as long as this process lives. Return: 0, or -1 with errno. */
int cgroup_claim(const char *dir);

/* cgroup_take_abandoned() - Lock a claimed cgroup that nobody has. Return: the descriptor that holds it, or -1: none such. */
int cgroup_take_abandoned(int parent, const char *name);

/*
 * cgroup_remove_unclaimed() - Remove an empty cgroup that was never marked and is older than @before: whoever made it was killed before he
 * came to that, and nobody was in it. One that is just being made looks the same, but is younger.
 */
void cgroup_remove_unclaimed(int parent, const char *name, time_t before);

#endif
