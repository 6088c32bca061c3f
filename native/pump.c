/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pump.h"

#define BUFFER_SIZE (64u << 10)

void pump_stop(struct pump *p)
{
	if (!p->running)
		return;
	p->running = false;
	watch_close(&p->in);
	watch_close(&p->out);
	free(p->buffer);
	p->buffer = NULL;
	if (p->done)
		p->done(p);
}

/* fill() - Return: true when the buffer has something to write. */
static bool fill(struct pump *p)
{
	ssize_t n;

	if (p->sent < p->len)
		return true;
	if (p->ended)
		return false;
	p->len = p->sent = 0;
	do
		n = read(p->in.fd, p->buffer, BUFFER_SIZE);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN) {
		p->ended = p->draining;
		return false;
	}
	/* A terminal whose last slave closed gives EIO. */
	if (n <= 0) {
		p->ended = true;
		return false;
	}
	p->len = (size_t)n;
	return true;
}

static void run(struct pump *p)
{
	while (fill(p)) {
		ssize_t n = write(p->out.fd, p->buffer + p->sent, p->len - p->sent);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			if (watch_set(&p->in, 0) < 0 || watch_set(&p->out, EPOLLOUT) < 0)
				pump_stop(p);
			return;
		}
		if (n < 0) {
			pump_stop(p);
			return;
		}
		p->sent += (size_t)n;
	}
	if (p->ended)
		pump_stop(p);
	else if (watch_set(&p->out, 0) < 0 || watch_set(&p->in, EPOLLIN) < 0)
		pump_stop(p);
}

static void in_ready(struct watch *w, uint32_t events)
{
	(void)events;
	run(container_of(w, struct pump, in));
}

static void out_ready(struct watch *w, uint32_t events)
{
	(void)events;
	run(container_of(w, struct pump, out));
}

static int nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int pump_start(struct pump *p, int in, int out, void (*done)(struct pump *p))
{
	*p = (struct pump){ .in = { .fd = in, .ready = in_ready }, .out = { .fd = out, .ready = out_ready } };
	p->buffer = malloc(BUFFER_SIZE);
	if (!p->buffer || nonblocking(in) < 0 || nonblocking(out) < 0 || watch_set(&p->in, EPOLLIN) < 0) {
		int saved = errno;

		watch_close(&p->in);
		watch_close(&p->out);
		free(p->buffer);
		p->buffer = NULL;
		errno = saved;
		return -1;
	}
	p->done = done;
	p->running = true;
	return 0;
}

void pump_drain(struct pump *p)
{
	if (!p->running)
		return;
	p->draining = true;
	run(p);
}
