/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "loop.h"

#define BATCH 64

static int epoll_fd = -1;
static bool stopped;
static int stop_value;
static struct timer *timers;	/* sorted, earliest first: there are few */

/* Events in hand, so that watch_set(w, 0) can void those of a watch that goes. */
static struct epoll_event batch[BATCH];
static int batch_len;

int loop_init(void)
{
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return epoll_fd < 0 ? -1 : 0;
}

void loop_forget(void)
{
	close_fdp(&epoll_fd);
	epoll_fd = -1;
}

static void void_events(struct watch *w)
{
	for (int i = 0; i < batch_len; i++)
		if (batch[i].data.ptr == w)
			batch[i].data.ptr = NULL;
}

int watch_set(struct watch *w, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = w };
	int op;

	if (events == w->events)
		return 0;
	op = !events ? EPOLL_CTL_DEL : w->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	if (epoll_ctl(epoll_fd, op, w->fd, &event) < 0)
		return -1;
	if (!events)
		void_events(w);
	w->events = events;
	return 0;
}

void watch_close(struct watch *w)
{
	if (w->fd < 0)
		return;
	watch_set(w, 0);
	close(w->fd);
	w->fd = -1;
}

uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void timer_cancel(struct timer *t)
{
	if (!t->due_us)
		return;
	for (struct timer **at = &timers; *at; at = &(*at)->next) {
		if (*at != t)
			continue;
		*at = t->next;
		break;
	}
	t->due_us = 0;
}

void timer_arm(struct timer *t, uint64_t us)
{
	struct timer **at = &timers;

	timer_cancel(t);
	t->due_us = now_us() + us;
	while (*at && (*at)->due_us <= t->due_us)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
}

/* epoll_pwait2() takes nanoseconds, but only since 5.11; with it polls of half a millisecond are possible. */
static int wait_events(void)
{
	struct timespec timeout, *limit = NULL;
	uint64_t now;
	int n;

	if (timers) {
		now = now_us();
		if (timers->due_us > now) {
			timeout.tv_sec = (time_t)((timers->due_us - now) / 1000000);
			timeout.tv_nsec = (long)((timers->due_us - now) % 1000000 * 1000);
		} else {
			timeout = (struct timespec){ 0 };
		}
		limit = &timeout;
	}
	n = epoll_pwait2(epoll_fd, batch, BATCH, limit, NULL);
	if (n < 0 && errno == ENOSYS)
		n = epoll_wait(epoll_fd, batch, BATCH, limit ? (int)(timeout.tv_sec * 1000 + (timeout.tv_nsec + 999999) / 1000000) : -1);
	return n;
}

static void fire_timers(void)
{
	uint64_t now = now_us();

	while (timers && timers->due_us <= now) {
		struct timer *t = timers;

		timers = t->next;
		t->due_us = 0;
		t->fire(t);
	}
}

int loop_run(void)
{
	stopped = false;
	while (!stopped) {
		batch_len = wait_events();
		if (batch_len < 0) {
			batch_len = 0;
			if (errno != EINTR)
				return -1;
		}
		for (int i = 0; i < batch_len && !stopped; i++) {
			struct watch *w = batch[i].data.ptr;

			if (w)
				w->ready(w, batch[i].events);
		}
		batch_len = 0;
		fire_timers();
	}
	return stop_value;
}

void loop_stop(int value)
{
	stop_value = value;
	stopped = true;
}
