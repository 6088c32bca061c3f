/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caisson-supervisor: carries out what Node decides. One per session, single-threaded, spawned by Node with the control
 * channel as descriptor 3; protocol.h says what is spoken there. It ends when that channel does, and takes all of the
 * session with it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hello.h"
#include "kernel.h"
#include "loop.h"
#include "mount_namespace.h"
#include "owner.h"
#include "procfs.h"
#include "protocol.h"
#include "sealed.h"
#include "session_channel.h"
#include "spawn.h"
#include "user_namespace.h"

#define CONTROL_FD 3

/* A descriptor for each published connection: the soft limit of 1024 is not for programs that use epoll. */
static void raise_files_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static int set_up(char **argv, struct err *e)
{
	/* Before the copy runs: by execve(2) it belongs to the namespace, and so do the files of its /proc/PID, which are root's else. */
	if (sealed_reexec(argv, argv[1] ? user_namespace_enter : NULL, e) < 0)
		return -1;
	owner_detect();
	if (close_range(CONTROL_FD + 1, ~0U, 0) < 0 || close_range(CONTROL_FD, CONTROL_FD, CLOSE_RANGE_CLOEXEC) < 0)
		return fail(e, errno, "close_range");
	/* Not even a container that shares our user may look into this process (ptrace(2), /proc/PID/exe). */
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, "caisson-superv");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	umask(0);
	raise_files_limit();
	mount_namespace_init();
	if (procfs_open() < 0)
		return fail(e, errno, "/proc");
	if (spawn_init() < 0)
		return fail(e, errno, "pid namespace");
	if (loop_init() < 0 || session_open(CONTROL_FD) < 0)
		return fail(e, errno, "control channel");
	return 0;
}

int main(int argc, char **argv)
{
	struct err e = ERR_INIT;

	if (argc == 2 && !strcmp(argv[1], "--version")) {
		printf("caisson-supervisor, protocol %d\n", PROTOCOL_VERSION);
		return 0;
	}
	if (argc > 2 || (argc == 2 && strcmp(argv[1], "--user-namespace") != 0)) {
		fprintf(stderr, "usage: caisson-supervisor [--version | --user-namespace]; started by Node with the control channel as descriptor 3\n");
		return 2;
	}
	if (set_up(argv, &e) < 0) {
		fprintf(stderr, "caisson-supervisor: %s: %s\n", e.text, strerror(e.no));
		return 1;
	}
	loop_run();
	hello_end();
	return 0;
}
