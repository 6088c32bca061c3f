/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this session uses of things that sessions share, such as volumes: a shared lock on a file of each. It ends with this
 * process, however it ends, and whether there is one can be asked without taking one.
 */
#ifndef CAISSON_HOLD_H
#define CAISSON_HOLD_H

#include "err.h"
#include "wire.h"

int hold_handle_hold(uint32_t id, struct slice body, struct err *e);
int hold_handle_let_go(uint32_t id, struct slice body, struct err *e);
int hold_handle_held(uint32_t id, struct slice body, struct err *e);

/*
 * hold_claim() - Where a request names a TAG_LOCK: take that lock for oneself alone, as long as @claim is open.
 * Return: 0, or -1 with @e (EBUSY: somebody holds it, this session perhaps).
 */
int hold_claim(struct slice body, int *claim, struct err *e);

#endif
