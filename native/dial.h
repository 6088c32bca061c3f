/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a TCP connection to the first of several addresses that takes it.
 */
#ifndef CAISSON_DIAL_H
#define CAISSON_DIAL_H

#include "loop.h"
#include "uplink_rules.h"

/* Embedded in its owner. */
struct dial {
	struct watch watch;
	struct uplink_targets targets;
	size_t tried;
	/* called once: @fd is connected and the owner's, or -1 with the errno of the last attempt */
	void (*done)(struct dial *dial, int fd, int error);
};

/* dial_start() - @dial->targets is set. May call @done before it returns. */
void dial_start(struct dial *dial, void (*done)(struct dial *dial, int fd, int error));

/* dial_cancel() - Without calling done. */
void dial_cancel(struct dial *dial);

#endif
