/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that only one session may do at a time, such as fetching a layer: an exclusive lock on a file that is there for
 * nothing else, made by whoever comes first and removed by whoever is done. It ends with this process, however it ends.
 */
#ifndef CAISSON_LOCK_H
#define CAISSON_LOCK_H

#include "err.h"
#include "wire.h"

int lock_handle_lock(uint32_t id, struct slice body, struct err *e);
int lock_handle_unlock(uint32_t id, struct slice body, struct err *e);
int lock_handle_await_unlock(uint32_t id, struct slice body, struct err *e);

#endif
