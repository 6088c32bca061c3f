/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "dial.h"
#include "err.h"
#include "socket_option.h"

/* Attempts after the first: an address that is silent is given up after 1 + 2 + 4 + 8 + 16 s. */
#define SYN_RETRIES 4

/* Return: a socket whose connection is made or being made, or -1 with errno. */
static int begin(const union address *to)
{
	_close_ int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) < 0 || set_option(fd, SOL_SOCKET, SO_OOBINLINE, 1) < 0 ||
	    set_option(fd, IPPROTO_TCP, TCP_SYNCNT, SYN_RETRIES) < 0)
		return -1;
	if (RETRY(connect(fd, &to->any, address_len(to))) < 0 && errno != EINPROGRESS)
		return -1;
	return steal_fd(&fd);
}

static void next(struct dial *dial, int error)
{
	while (dial->tried < dial->targets.n) {
		dial->watch.fd = begin(&dial->targets.items[dial->tried++]);
		if (dial->watch.fd >= 0 && watch_set(&dial->watch, EPOLLOUT) == 0)
			return;
		error = errno;
		watch_close(&dial->watch);
	}
	dial->done(dial, -1, error);
}

static void decided(struct watch *watch, uint32_t events)
{
	struct dial *dial = container_of(watch, struct dial, watch);
	int error = 0, fd = watch->fd;
	socklen_t len = sizeof(error);

	(void)events;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error) {
		watch_close(watch);
		next(dial, error);
		return;
	}
	watch_set(watch, 0);
	watch->fd = -1;
	dial->done(dial, fd, 0);
}

void dial_start(struct dial *dial, void (*done)(struct dial *dial, int fd, int error))
{
	dial->watch = (struct watch){ .fd = -1, .ready = decided };
	dial->tried = 0;
	dial->done = done;
	next(dial, ECONNREFUSED);
}

void dial_cancel(struct dial *dial)
{
	watch_close(&dial->watch);
}
