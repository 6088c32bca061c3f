/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "err.h"
#include "netns.h"

static int own = -1;

/* Before the first step away: is there a way back? It takes CAP_SYS_ADMIN over our own namespace too. */
static int remember_own(void)
{
	_close_ int fd = -1;

	if (own >= 0)
		return 0;
	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return -1;
	own = steal_fd(&fd);
	return 0;
}

static int step_in(int ns)
{
	return remember_own() < 0 ? -1 : setns(ns, CLONE_NEWNET);
}

static void step_back(void)
{
	int saved = errno;

	/* A listener meant for the host must never be made in a container: better dead than lost. */
	if (setns(own, CLONE_NEWNET) < 0)
		abort();
	errno = saved;
}

int netns_create(void)
{
	int fd;

	if (remember_own() < 0 || unshare(CLONE_NEWNET) < 0)
		return -1;
	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	step_back();
	return fd;
}

int netns_run(int ns, int (*run)(void *context), void *context)
{
	int r;

	if (step_in(ns) < 0)
		return -1;
	r = run(context);
	step_back();
	return r;
}

int netns_socket(int ns, int family, int type, int protocol)
{
	int fd;

	if (step_in(ns) < 0)
		return -1;
	fd = socket(family, type | SOCK_CLOEXEC, protocol);
	step_back();
	return fd;
}

int netns_open(int ns, const char *path)
{
	_close_ int dir = -1;
	int fd;

	if (step_in(ns) < 0)
		return -1;
	dir = open("/proc/thread-self/net", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = dir < 0 ? -1 : openat(dir, path, O_RDONLY | O_CLOEXEC);
	step_back();
	return fd;
}
