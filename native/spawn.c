/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "beside.h"
#include "kernel.h"
#include "mount_namespace.h"
#include "plan.h"
#include "procfs.h"
#include "spawn.h"
#include "status.h"

#define KEEP_MAX 8

static int own_pid_namespace = -1;
static bool can_return;		/* to it */

int spawn_init(void)
{
	own_pid_namespace = openat(procfs(), "self/ns/pid", O_RDONLY | O_CLOEXEC);
	if (own_pid_namespace < 0)
		return -1;
	can_return = setns(own_pid_namespace, CLONE_NEWPID) == 0;
	return 0;
}

/* Dispositions that the supervisor changed must not be inherited: ignored signals stay ignored across exec. */
static void default_signals(void)
{
	sigset_t none;

	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void report_warning(struct plan *p, const struct err *e)
{
	status_send(p->status, STATUS_WARNING, e, -1);
}

static int set_stdio(const int stdio[3], struct err *e)
{
	_close_ int null = -1;

	for (int i = 0; i < 3; i++) {
		int fd = stdio[i];

		if (fd < 0) {
			if (null < 0)
				null = open("/dev/null", O_RDWR | O_CLOEXEC);
			fd = null;
		}
		if (fd < 0 || dup2(fd, i) < 0)
			return fail(e, errno, "standard streams");
	}
	return 0;
}

static int join_cgroup(const char *cgroup, struct err *e)
{
	char path[PATH_SIZE];
	_close_ int fd = -1;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write_once(fd, (struct slice){ (const uint8_t *)"0", 1 }) < 0)
		return fail(e, errno, "join %s", cgroup);
	return 0;
}

static _Noreturn void child(const struct spawn *s, int status, const char *late_cgroup)
{
	struct err e = ERR_INIT;
	struct plan p;

	default_signals();
	plan_init(&p);
	p.status = status;
	p.target = s->target;
	p.warn = report_warning;
	if ((!late_cgroup || join_cgroup(late_cgroup, &e) == 0) && set_stdio(s->stdio, &e) == 0 && plan_run(&p, s->plan, &e) == 0)
		_exit(0);
	status_send(status, STATUS_FAILURE, &e, -1);
	_exit(127);
}

struct birth {
	struct spawn *spawn;
	int status;		/* the child's end of its channel */
	bool beside;		/* the one who makes it is not its parent */
};

/* make_child() - clone3() into the cgroup; where that is refused, without, and the child joins by itself. Return: 0, or -1 with errno. */
static int make_child(struct birth *birth)
{
	struct spawn *s = birth->spawn;
	struct clone_args args = {
		.flags = s->clone_flags | CLONE_PIDFD | (birth->beside ? CLONE_PARENT : 0),
		.pidfd = (uint64_t)(uintptr_t)&s->pidfd,
		.exit_signal = birth->beside ? 0 : SIGCHLD,
	};
	const char *late_cgroup = NULL;
	_close_ int cgroup = -1;

	if (s->cgroup) {
		cgroup = open(s->cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (cgroup < 0)
			return -1;
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup;
	}
	s->pid = kernel_clone3(&args);
	if (s->pid < 0 && s->cgroup && errno != EAGAIN && errno != ENOMEM) {
		args.flags &= ~(uint64_t)CLONE_INTO_CGROUP;
		args.cgroup = 0;
		late_cgroup = s->cgroup;
		s->pid = kernel_clone3(&args);
	}
	if (s->pid == 0)
		child(s, birth->status, late_cgroup);
	return s->pid < 0 ? -1 : 0;
}

static int make_child_in_namespace(void *context)
{
	struct birth *birth = context;

	return setns(birth->spawn->pid_namespace, CLONE_NEWPID) < 0 ? -1 : make_child(birth);
}

/*
 * setns() to a pid namespace concerns only children, so the supervisor can step in for the length of one clone: the new process is
 * our own child and in the container's pid namespace, and no intermediate process is needed.
 */
static int make_child_and_return(struct birth *birth)
{
	int r = make_child_in_namespace(birth), saved = errno;

	if (setns(own_pid_namespace, CLONE_NEWPID) < 0)
		abort();
	errno = saved;
	return r;
}

int spawn_plan(struct spawn *s, struct err *e)
{
	struct birth birth = { .spawn = s, .beside = s->pid_namespace >= 0 && !can_return };
	int channel[2], r;

	s->pidfd = s->status = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
		return fail(e, errno, "status channel");
	birth.status = channel[1];
	if (s->pid_namespace < 0)
		r = make_child(&birth);
	else
		r = can_return ? make_child_and_return(&birth) : beside_run(make_child_in_namespace, &birth);
	if (r < 0) {
		e->phase = 3;
		fail(e, errno, "clone3");
		close(channel[0]);
		close(channel[1]);
		return -1;
	}
	close(channel[1]);
	s->status = channel[0];
	return 0;
}

/* Renumber to 3, 4, ... and close the rest: a worker must not hold a published port or somebody's connection. */
static int keep_descriptors(int **keep, int n)
{
	for (int i = 0; i < n; i++) {
		if (*keep[i] < 0)
			continue;
		*keep[i] = fcntl(*keep[i], F_DUPFD_CLOEXEC, 3 + KEEP_MAX);
		if (*keep[i] < 0)
			return -1;
	}
	for (int i = 0; i < n; i++) {
		if (*keep[i] < 0)
			continue;
		if (dup3(*keep[i], 3 + i, O_CLOEXEC) < 0)
			return -1;
		*keep[i] = 3 + i;
	}
	return close_range(3 + (unsigned)n, ~0U, 0);
}

static pid_t fork_worker(int **keep, int n, int (*run)(void *context), void *context, int death_signal, int *pidfd)
{
	struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)pidfd, .exit_signal = SIGCHLD };
	int proc = procfs(), mounts = mount_namespace_host();
	int *all[KEEP_MAX];
	pid_t pid, parent = getpid();

	if (n < 0 || n > KEEP_MAX - 2) {
		errno = EINVAL;
		return -1;
	}
	pid = kernel_clone3(&args);
	if (pid != 0)
		return pid;
	default_signals();
	/* Who was killed before that is not told of any more. */
	if (death_signal && (prctl(PR_SET_PDEATHSIG, death_signal) < 0 || getppid() != parent))
		_exit(126);
	for (int i = 0; i < n; i++)
		all[i] = keep[i];
	all[n] = &proc;
	all[n + 1] = &mounts;
	if (keep_descriptors(all, n + 2) < 0)
		_exit(126);
	procfs_adopt(proc);
	mount_namespace_adopt(mounts);
	_exit(run(context));
}

/* A worker reads from and writes to Node; when the supervisor goes, so does its work. */
pid_t spawn_worker(int **keep, int n, int (*run)(void *context), void *context, int *pidfd)
{
	return fork_worker(keep, n, run, context, SIGKILL, pidfd);
}

/* Never with that signal and taken back later: the supervisor may be killed before its child has run at all. */
pid_t spawn_heir(int **keep, int n, int (*run)(void *context), void *context, int *pidfd)
{
	return fork_worker(keep, n, run, context, 0, pidfd);
}
