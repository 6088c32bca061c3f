/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAISSON_HELLO_H
#define CAISSON_HELLO_H

#include "err.h"
#include "wire.h"

/* Handler of MSG_HELLO: checks versions, makes the session's directory and cgroups, starts the warden. */
int hello_handle(uint32_t id, struct slice body, struct err *e);

/* hello_end() - The session is over: kill and remove all of it. */
void hello_end(void);

#endif
