/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sockets of a container listen, seen from outside: sock_diag(7) in its network namespace, /proc/PID/net where
 * that is missing.
 */
#ifndef CAISSON_LISTENING_H
#define CAISSON_LISTENING_H

#include "err.h"
#include "wire.h"

/* Handlers of MSG_LISTENING and MSG_WAIT_LISTENING. */
int listening_handle_list(uint32_t id, struct slice body, struct err *e);
int listening_handle_wait(uint32_t id, struct slice body, struct err *e);

/* listening_container_gone() - End the waits for a container that exited, with ESRCH. */
void listening_container_gone(const char *container);

#endif
