/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel offers no descriptor that tells when a lock is free, only a call that blocks: a worker makes that call on the
 * description that it shares with the supervisor, and its end tells.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel.h"
#include "lock.h"
#include "loop.h"
#include "ofd_lock.h"
#include "protocol.h"
#include "session.h"
#include "spawn.h"

#define DO_NOT_WAIT 1

struct lock {
	struct waiting waiting;	/* the request, until it is answered */
	struct watch worker;	/* its pidfd, while one waits for the lock */
	int fd;			/* -1: not open */
	bool passes;		/* who had it is waited for, and no more: it is on no list, and given back at once */
	struct lock *next;
	char path[];
};

static struct lock *locks;

static struct lock **find(const char *path)
{
	struct lock **at = &locks;

	while (*at && strcmp((*at)->path, path))
		at = &(*at)->next;
	return at;
}

static void give_back(struct lock *l)
{
	/* Not by closing alone: a process that was just cloned has the description open until it executes something. */
	if (l->fd >= 0)
		ofd_lock(l->fd, F_UNLCK);
	close_fdp(&l->fd);
	l->fd = -1;
}

static void stop_worker(struct lock *l)
{
	siginfo_t info;

	if (l->worker.fd < 0)
		return;
	kernel_pidfd_send_signal(l->worker.fd, SIGKILL);
	RETRY(waitid(P_PIDFD, (id_t)l->worker.fd, &info, WEXITED));
	watch_close(&l->worker);
}

static void release(struct lock *l)
{
	struct lock **at = &locks;

	while (*at && *at != l)
		at = &(*at)->next;
	if (*at)
		*at = l->next;
	stop_worker(l);
	give_back(l);
	free(l);
}

struct wait {
	int fd;
	short type;
};

static int wait_in_worker(void *context)
{
	struct wait *w = context;

	return ofd_lock_wait(w->fd, w->type) < 0;
}

static int take(struct lock *l, bool wait, struct err *e);

/* The worker has the lock, or was killed. */
static void worker_ended(struct watch *w, uint32_t events)
{
	struct lock *l = container_of(w, struct lock, worker);
	struct err e = ERR_INIT;
	siginfo_t info = { 0 };
	int r;

	(void)events;
	RETRY(waitid(P_PIDFD, (id_t)w->fd, &info, WEXITED));
	watch_close(w);
	if (info.si_code == CLD_EXITED && info.si_status == 0)
		r = l->passes || ofd_is_current(l->fd, l->path) ? 1 : take(l, true, &e);
	else
		r = fail(&e, ECHILD, "wait for %.120s", l->path);
	if (r == 0)
		return;
	waiting_remove(&l->waiting);
	if (r > 0)
		session_ok(l->waiting.id, NULL);
	else
		session_error(l->waiting.id, &e);
	if (r < 0 || l->passes)
		release(l);
}

static int start_worker(struct lock *l, struct err *e)
{
	struct wait w = { .fd = l->fd, .type = l->passes ? F_RDLCK : F_WRLCK };
	int *keep[] = { &w.fd };
	pid_t pid = spawn_worker(keep, 1, wait_in_worker, &w, &l->worker.fd);

	if (pid < 0)
		return fail(e, errno, "worker");
	l->worker.ready = worker_ended;
	return watch_set(&l->worker, EPOLLIN) < 0 ? fail(e, errno, "epoll") : 0;
}

/* take() - Return: 1 when the lock is ours, 0 when a worker waits for it, or -1 with @e. */
static int take(struct lock *l, bool wait, struct err *e)
{
	for (;;) {
		give_back(l);
		l->fd = open(l->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (l->fd < 0)
			return fail(e, errno, "%.120s", l->path);
		if (ofd_lock(l->fd, F_WRLCK) < 0) {
			if (ofd_is_taken(errno))
				return wait ? start_worker(l, e) : fail(e, EAGAIN, "%.120s", l->path);
			return fail(e, errno, "%.120s", l->path);
		}
		/* Whoever had it may have removed the file after we opened it. */
		if (ofd_is_current(l->fd, l->path))
			return 1;
	}
}

static void canceled(struct waiting *waiting)
{
	release(container_of(waiting, struct lock, waiting));
}

/* new_lock() - Return: one that is on no list yet, or NULL with @e. */
static struct lock *new_lock(uint32_t id, const char *path, struct err *e)
{
	struct lock *l = malloc(sizeof(*l) + strlen(path) + 1);

	if (!l) {
		fail(e, ENOMEM, "lock");
		return NULL;
	}
	*l = (struct lock){ .waiting = { .id = id, .cancel = canceled }, .worker = { .fd = -1 }, .fd = -1 };
	strcpy(l->path, path);
	return l;
}

int lock_handle_lock(uint32_t id, struct slice body, struct err *e)
{
	char path[PATH_MAX];
	uint64_t flags = 0;
	struct lock *l;
	int r;

	if (!find_text(body, TAG_PATH, path, sizeof(path)))
		return fail(e, EINVAL, "path");
	find_u64(body, TAG_FLAGS, &flags);
	if (*find(path))
		return fail(e, EALREADY, "%.120s is locked here already", path);
	l = new_lock(id, path, e);
	if (!l)
		return -1;
	l->next = locks;
	locks = l;
	r = take(l, !(flags & DO_NOT_WAIT), e);
	if (r < 0) {
		release(l);
		return -1;
	}
	if (r > 0)
		session_ok(id, NULL);
	else
		waiting_add(&l->waiting);
	return 0;
}

int lock_handle_unlock(uint32_t id, struct slice body, struct err *e)
{
	char path[PATH_MAX];
	struct lock *l;

	if (!find_text(body, TAG_PATH, path, sizeof(path)))
		return fail(e, EINVAL, "path");
	l = *find(path);
	if (!l || l->worker.fd >= 0)
		return fail(e, ENOENT, "%.120s is not locked here", path);
	unlink(path);
	release(l);
	session_ok(id, NULL);
	return 0;
}

int lock_handle_await_unlock(uint32_t id, struct slice body, struct err *e)
{
	char path[PATH_MAX];
	struct lock *l;

	if (!find_text(body, TAG_PATH, path, sizeof(path)))
		return fail(e, EINVAL, "path");
	l = new_lock(id, path, e);
	if (!l)
		return -1;
	l->passes = true;
	l->fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (l->fd < 0 && errno != ENOENT)
		fail(e, errno, "%.120s", path);
	else if (l->fd < 0 || ofd_lock(l->fd, F_RDLCK) == 0)
		session_ok(id, NULL);
	else if (!ofd_is_taken(errno))
		fail(e, errno, "%.120s", path);
	else if (start_worker(l, e) == 0) {
		waiting_add(&l->waiting);
		return 0;
	}
	release(l);
	return e->no ? -1 : 0;
}
