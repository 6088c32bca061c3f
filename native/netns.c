/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "beside.h"
#include "err.h"
#include "netns.h"

static int own = -1;

struct visit {
	int ns;			/* -1: a new one */
	int (*run)(void *context);
	void *context;
};

static int visit(void *context)
{
	struct visit *v = context;

	if (v->ns >= 0 ? setns(v->ns, CLONE_NEWNET) < 0 : unshare(CLONE_NEWNET) < 0)
		return -1;
	return v->run(v->context);
}

/* Before the first step away: is there a way back? It takes CAP_SYS_ADMIN over our own namespace too. */
static bool can_return(void)
{
	static bool known;
	_close_ int fd = -1;

	if (known)
		return own >= 0;
	known = true;
	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return false;
	own = steal_fd(&fd);
	return true;
}

static int visit_and_return(struct visit *v)
{
	int result = visit(v), saved = errno;

	/* A listener meant for the host must never be made in a container: better dead than lost. */
	if (setns(own, CLONE_NEWNET) < 0)
		abort();
	errno = saved;
	return result;
}

static int visit_start(struct visit *v)
{
	return can_return() ? visit_and_return(v) : beside_run(visit, v);
}

static int open_own(void *context)
{
	(void)context;
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

int netns_create(void)
{
	struct visit v = { .ns = -1, .run = open_own };

	return visit_start(&v);
}

int netns_run(int ns, int (*run)(void *context), void *context)
{
	struct visit v = { .ns = ns, .run = run, .context = context };

	return visit_start(&v);
}

struct new_socket {
	int family, type, protocol;
};

static int make_socket(void *context)
{
	struct new_socket *s = context;

	return socket(s->family, s->type | SOCK_CLOEXEC, s->protocol);
}

int netns_socket(int ns, int family, int type, int protocol)
{
	return netns_run(ns, make_socket, &(struct new_socket){ family, type, protocol });
}

static int open_file(void *context)
{
	const char *path = context;
	_close_ int dir = open("/proc/thread-self/net", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return dir < 0 ? -1 : openat(dir, path, O_RDONLY | O_CLOEXEC);
}

int netns_open(int ns, const char *path)
{
	return netns_run(ns, open_file, (void *)(uintptr_t)path);
}
