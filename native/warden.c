/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "archive.h"
#include "cgroup.h"
#include "kernel.h"
#include "spawn.h"
#include "warden.h"

/* How long the processes of a session may take to die, in milliseconds: one in an uninterruptible wait can't be hurried. */
#define KILL_TRIES 5000
/* How often the directory is tried to be removed: what dies may have a system call to end that makes one more file there. */
#define REMOVE_TRIES 1000
/* A session that is just being made has no lock yet. */
#define YOUNG_SECONDS 60

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

static void end_cgroup(const char *dir)
{
	for (int i = 0; i < KILL_TRIES; i++) {
		/* One write kills the whole subtree on v2; elsewhere, and on kernels before 5.14, each process in turn. */
		if (cgroup_kill(dir) < 0)
			cgroup_kill_each(dir);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (cgroup_remove(dir) == 0)
			return;
		sleep_ms(1);
	}
}

static void end_cgroups(int session)
{
	char line[PATH_MAX];
	int fd = openat(session, "cgroups", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	FILE *list = fd < 0 ? NULL : fdopen(fd, "r");

	if (!list)
		return;
	while (fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = 0;
		if (line[0] == '/')
			end_cgroup(line);
	}
	fclose(list);
}

void warden_session_end(int sessions, const char *name)
{
	_close_ int dir = openat(sessions, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return;
	end_cgroups(dir);
	/* The lock goes last with the rest: until then nobody mistakes this for a session that needs sweeping. */
	for (int i = 0; i < REMOVE_TRIES; i++) {
		struct err e = ERR_INIT;

		if (archive_remove_tree(sessions, name, &e) == 0)
			return;
		sleep_ms(5);
	}
}

static void sweep_one(int sessions, const char *name)
{
	_close_ int dir = openat(sessions, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_close_ int lock = -1;
	struct stat st;

	if (dir < 0 || fstat(dir, &st) < 0)
		return;
	lock = openat(dir, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (lock < 0 ? time(NULL) - st.st_mtime < YOUNG_SECONDS : flock(lock, LOCK_EX | LOCK_NB) < 0)
		return;
	warden_session_end(sessions, name);
}

static void sweep(int sessions, const char *own)
{
	int fd = openat(sessions, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, own))
			sweep_one(sessions, entry->d_name);
	closedir(d);
}

struct warden {
	int sessions, lock, supervisor;
	char name[NAME_MAX + 1];
};

static int run(void *context)
{
	struct warden *w = context;
	struct pollfd death = { .fd = w->supervisor, .events = POLLIN };

	/* Killing a process group, or the terminal's hang-up, must not take the one that cleans up along. */
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	prctl(PR_SET_NAME, "caisson-warden");
	sweep(w->sessions, w->name);
	while (poll(&death, 1, -1) < 0 && errno == EINTR)
		;
	warden_session_end(w->sessions, w->name);
	return 0;
}

int warden_start(int sessions, const char *name, int lock, struct err *e)
{
	struct warden w = { .sessions = sessions, .lock = lock };
	int *keep[] = { &w.sessions, &w.lock, &w.supervisor };
	int pidfd;

	snprintf(w.name, sizeof(w.name), "%s", name);
	w.supervisor = kernel_pidfd_open(getpid());
	if (w.supervisor < 0)
		return fail(e, errno, "pidfd");
	if (spawn_heir(keep, 3, run, &w, &pidfd) < 0)
		fail(e, errno, "warden");
	else
		close(pidfd);
	close(w.supervisor);
	return e->no ? -1 : 0;
}
