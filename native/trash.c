/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive.h"
#include "loop.h"
#include "spawn.h"
#include "trash.h"

/* Removals that come close together share one worker. */
#define DELAY_US 20000

static int trash = -1;
static uint64_t serial;
static struct timer delay;
static struct watch worker = { .fd = -1 };
static bool again;

static void start_worker(struct timer *t);

void trash_init(int session)
{
	trash = openat(session, "trash", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int empty_trash(void *context)
{
	int *dir = context;
	DIR *d = fdopendir(*dir);
	struct dirent *entry;

	if (!d)
		return 1;
	/* The descriptor's position is shared with every worker before this one. */
	rewinddir(d);
	while ((entry = readdir(d))) {
		struct err e = ERR_INIT;

		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			archive_remove_tree(dirfd(d), entry->d_name, &e);
	}
	return 0;
}

static void worker_ready(struct watch *w, uint32_t events)
{
	siginfo_t info = { 0 };

	(void)events;
	if (RETRY(waitid(P_PIDFD, (id_t)w->fd, &info, WEXITED | WNOHANG)) < 0 || info.si_pid == 0)
		return;
	watch_close(w);
	if (again)
		start_worker(&delay);
}

static void start_worker(struct timer *t)
{
	int dir = trash;
	int *keep[] = { &dir };
	int pidfd;

	(void)t;
	again = worker.fd >= 0;
	if (again)
		return;
	if (spawn_worker(keep, 1, empty_trash, &dir, &pidfd) < 0)
		return;	/* what is left goes with the session */
	worker = (struct watch){ .fd = pidfd, .ready = worker_ready };
	watch_set(&worker, EPOLLIN);
}

/* A tree on another file system: renamed beside itself, so that its name is free, and removed here and now. */
static int remove_in_place(const char *path, struct err *e)
{
	char copy[PATH_MAX], parent[PATH_MAX], name[64], *slash;
	_close_ int dir = -1;

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return fail(e, ENAMETOOLONG, "path");
	slash = strrchr(copy, '/');
	if (!slash)
		return fail(e, EINVAL, "%s", path);
	*slash = 0;
	snprintf(parent, sizeof(parent), "%s", copy[0] ? copy : "/");
	snprintf(name, sizeof(name), ".removing-%d-%llu", getpid(), (unsigned long long)++serial);
	dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || renameat(dir, slash + 1, dir, name) < 0)
		return fail(e, errno, "%s", path);
	return archive_remove_tree(dir, name, e);
}

int trash_path(const char *path, struct err *e)
{
	char name[32];

	snprintf(name, sizeof(name), "%llu", (unsigned long long)++serial);
	if (renameat(AT_FDCWD, path, trash, name) < 0)
		return errno == EXDEV ? remove_in_place(path, e) : fail(e, errno, "%s", path);
	if (!delay.due_us) {
		delay.fire = start_worker;
		timer_arm(&delay, DELAY_US);
	}
	return 0;
}
