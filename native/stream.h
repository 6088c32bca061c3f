/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams: connections to the session's socket, told apart by the 8-byte token that each sends first. A connection and the
 * request that names it may come in either order.
 */
#ifndef CAISSON_STREAM_H
#define CAISSON_STREAM_H

#include <stdint.h>

#include "err.h"

struct stream_want {
	uint64_t token;
	/* called once, with a descriptor that is the callee's from then on */
	void (*arrived)(struct stream_want *w, int fd);
	struct stream_want *next;
};

/* stream_listen() - @dir: descriptor of the session directory. */
int stream_listen(int dir, struct err *e);

/* stream_claim() - Calls w->arrived now or when the connection comes. */
void stream_claim(struct stream_want *w);

/* stream_forget() - Stop waiting. */
void stream_forget(struct stream_want *w);

/* stream_refuse() - Stop waiting, and close the connection when it comes: whoever makes it must not wait for an answer. */
void stream_refuse(struct stream_want *w);

#endif
