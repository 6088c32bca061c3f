/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop: one epoll set, callbacks on descriptors, and timers. Single-threaded.
 *
 * A watch is embedded in its owner and must stay where it is while it is registered. A callback may remove and free any
 * watch, its own included: events that are already in hand for a removed watch are dropped.
 */
#ifndef CAISSON_LOOP_H
#define CAISSON_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct watch {
	int fd;
	uint32_t events;	/* as registered; 0 when not registered */
	void (*ready)(struct watch *w, uint32_t events);
};

struct timer {
	uint64_t due_us;	/* CLOCK_MONOTONIC; 0 when not armed */
	struct timer *next;
	void (*fire)(struct timer *t);
};

/* container_of() - The structure that embeds a member. */
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - __builtin_offsetof(type, member)))

int loop_init(void);

/* watch_set() - Register, change or (events 0) remove. Return: 0, or -1 with errno. */
int watch_set(struct watch *w, uint32_t events);

/* watch_close() - Remove and close the descriptor; fd becomes -1. */
void watch_close(struct watch *w);

/* timer_arm() - (Re-)arm to fire once, @us microseconds from now. */
void timer_arm(struct timer *t, uint64_t us);
void timer_cancel(struct timer *t);

uint64_t now_us(void);

/* loop_run() - Until loop_stop(). Return: the value given to loop_stop(). */
int loop_run(void);
void loop_stop(int value);

/* loop_forget() - In a forked child: close the epoll descriptor. */
void loop_forget(void);

#endif
