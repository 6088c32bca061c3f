/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Driving the loop from a test: both ends of what is tested live in this process, as non-blocking sockets.
 */
#ifndef CAISSON_TEST_TURN_H
#define CAISSON_TEST_TURN_H

#include "loop.h"
#include "test.h"

static void turn_over(struct timer *timer)
{
	(void)timer;
	loop_stop(0);
}

/* turn_loop() - Let the loop run for so many microseconds. */
static inline void turn_loop(uint64_t us)
{
	static struct timer timer = { .fire = turn_over };

	timer_arm(&timer, us);
	CHECK_INT(loop_run(), 0);
}

#define EVENTUALLY(condition)                                                                           \
	do {                                                                                            \
		uint64_t _deadline = now_us() + 10000000;                                               \
		while (!(condition)) {                                                                  \
			if (now_us() > _deadline)                                                       \
				TEST_FAIL("%s did not become true in 10 s", #condition);                \
			turn_loop(200);                                                                 \
		}                                                                                       \
	} while (0)

#endif
