/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control channel: reads requests, hands each to its handler, writes replies and events.
 */
#ifndef CAISSON_SESSION_H
#define CAISSON_SESSION_H

#include <stdint.h>

#include "err.h"
#include "wire.h"

/*
 * A handler answers with session_ok(), now or later, and returns 0; or it fills @e and returns -1, and the session sends
 * the error. @body is only valid during the call.
 */
typedef int (*handler_fn)(uint32_t id, struct slice body, struct err *e);

/* session_ok() - Answer a request; takes over and frees @fields (may be NULL). */
void session_ok(uint32_t id, struct writer *fields);

/* session_error() - Answer a request with an error. */
void session_error(uint32_t id, const struct err *e);

/* session_event() - Send an event; takes over and frees @fields. */
void session_event(uint16_t kind, struct writer *fields);

/*
 * A request that waits for something, embedded in its owner. MSG_CANCEL removes it from the list and calls @cancel,
 * which releases the owner; the session then answers ECANCELED.
 */
struct waiting {
	uint32_t id;
	void (*cancel)(struct waiting *w);
	struct waiting *next;
};

void waiting_add(struct waiting *w);
void waiting_remove(struct waiting *w);

#endif
