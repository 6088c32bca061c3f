/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making child processes: those that run a plan and become a command, and workers that do blocking work of ours.
 */
#ifndef CAISSON_SPAWN_H
#define CAISSON_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "wire.h"

struct spawn {
	uint64_t clone_flags;
	const char *cgroup;	/* v2 directory to be born in, or NULL */
	int stdio[3];		/* -1: /dev/null */
	int pid_namespace;	/* pidfd of a process whose pid namespace the child joins, or -1 */
	int target;		/* pidfd of the container that OP_SETNS joins, or -1 */
	struct slice plan;
	/* results */
	pid_t pid;
	int pidfd;
	int status;		/* status channel, non-blocking; OP_AWAIT waits for a message from us */
};

/* spawn_plan() - Return: 0, or -1 with @e. The descriptors in stdio stay the caller's. */
int spawn_plan(struct spawn *s, struct err *e);

/*
 * spawn_worker() - Fork a process that closes every descriptor but @keep[0..n-1] (which it finds renumbered in place)
 * and calls @run(@context), whose value becomes its exit code. Return: pid and @pidfd, or -1 with errno.
 */
pid_t spawn_worker(int **keep, int n, int (*run)(void *context), void *context, int *pidfd);

/* spawn_heir() - The same for a process that lives on when this one is killed. */
pid_t spawn_heir(int **keep, int n, int (*run)(void *context), void *context, int *pidfd);

/* spawn_init() - Remember our own pid namespace. Return: 0, or -1 with errno. */
int spawn_init(void);

#endif
