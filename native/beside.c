/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "beside.h"
#include "files.h"

/* As for our own: children are made on it too, and run plans. */
#define STACK_SIZE (1 << 20)

struct call {
	int (*run)(void *context);
	void *context;
	int result, error;
};

static int call(void *arg)
{
	struct call *c = arg;

	c->result = c->run(c->context);
	c->error = errno;
	_exit(0);
}

int beside_run(int (*run)(void *context), void *context)
{
	static char stack[STACK_SIZE] __attribute__((aligned(16)));
	/* As if it were killed before it could answer. */
	struct call c = { .run = run, .context = context, .result = -1, .error = EINTR };
	/* The signal is what a child that it makes for us (CLONE_PARENT) will send when it ends. */
	pid_t pid = clone(call, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &c);

	if (pid < 0)
		return -1;
	(void)RETRY(waitpid(pid, NULL, 0));
	errno = c.error;
	return c.result;
}
