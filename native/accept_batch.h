/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accepting what waits at a listening socket, without being kept busy by what can't be accepted.
 */
#ifndef CAISSON_ACCEPT_BATCH_H
#define CAISSON_ACCEPT_BATCH_H

#include "loop.h"

/*
 * accept_batch() - For the callback of a listening socket: hand each connection to @serve, non-blocking and close-on-exec.
 * @pause: when descriptors or memory run out, the listener is left alone until this fires; it must call accept_resume()
 */
void accept_batch(struct watch *listener, struct timer *pause, void (*serve)(struct watch *listener, int fd));

/* accept_resume() - After a pause. */
void accept_resume(struct watch *listener, struct timer *pause);

#endif
