/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The optional init: PID 1 of a container whose own command was not written to be one. All signals are blocked and read
 * with sigwaitinfo(2), so there are no handlers. PID 1 gets only the signals it asks for, and these are forwarded.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

/* reap() - Wait for whoever ended. Return: true, with @code, once the main child is among them. */
static int reap(pid_t child, int *code)
{
	int found = 0;

	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid <= 0)
			return found;
		if (pid != child)
			continue;
		*code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		found = 1;
	}
}

static void run(pid_t child, const sigset_t *all)
{
	int code = 0;

	for (;;) {
		siginfo_t info;
		int sig = sigwaitinfo(all, &info);

		if (sig < 0)
			continue;
		if (sig == SIGCHLD) {
			if (reap(child, &code))
				_exit(code);
			continue;
		}
		/* The child may be gone already; its SIGCHLD is on its way then. */
		kill(child, sig);
	}
}

int init_split(struct err *e)
{
	sigset_t all, old;
	pid_t child;

	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &old) < 0)
		return fail(e, errno, "sigprocmask");
	child = fork();
	if (child < 0)
		return fail(e, errno, "fork");
	if (child == 0) {
		sigprocmask(SIG_SETMASK, &old, NULL);
		/* Its own session, so that a terminal can become its controlling one. */
		setsid();
		return 0;
	}
	/* Standard streams too: the end of the container's output must not wait for us. */
	close_range(0, ~0U, 0);
	prctl(PR_SET_NAME, "caisson-init");
	run(child, &all);
	_exit(1);
}
