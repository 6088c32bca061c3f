/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "container_output.h"

#define OUTPUT_STEP (64u << 10)

/* take_output() - Return: false when nothing is left for now, or for ever. */
static bool take_output(struct container *c, struct watch *w)
{
	static uint8_t buffer[OUTPUT_STEP];
	ssize_t n = RETRY(read(w->fd, buffer, sizeof(buffer)));

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		watch_close(w);
		return false;
	}
	log_append(&c->log, w == &c->out ? LOG_STDOUT : LOG_STDERR, buffer, (size_t)n);
	return true;
}

static void out_ready(struct watch *w, uint32_t events)
{
	(void)events;
	take_output(container_of(w, struct container, out), w);
}

static void err_ready(struct watch *w, uint32_t events)
{
	(void)events;
	take_output(container_of(w, struct container, err), w);
}

void output_drain(struct container *c, struct watch *w)
{
	while (w->fd >= 0 && take_output(c, w))
		;
	watch_close(w);
}

int output_watch(struct container *c, struct watch *w, int fd)
{
	*w = (struct watch){ .fd = fd, .ready = w == &c->out ? out_ready : err_ready };
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
		return -1;
	return watch_set(w, EPOLLIN);
}
