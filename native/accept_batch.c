/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "accept_batch.h"

/* Connections accepted in a row before others get their turn. */
#define BATCH 32
#define PAUSE_US 20000

void accept_batch(struct watch *listener, struct timer *pause, void (*serve)(struct watch *listener, int fd))
{
	for (int i = 0; i < BATCH; i++) {
		int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			serve(listener, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			/* What waits would wake us again and again: leave it in the backlog for a while. */
			watch_set(listener, 0);
			timer_arm(pause, PAUSE_US);
			return;
		}
		if (errno == EAGAIN)
			return;
		/* Anything else concerns that one connection, accept(2). */
	}
}

void accept_resume(struct watch *listener, struct timer *pause)
{
	if (watch_set(listener, EPOLLIN) < 0)
		timer_arm(pause, PAUSE_US);
}
