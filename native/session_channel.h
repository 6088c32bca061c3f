/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAISSON_SESSION_CHANNEL_H
#define CAISSON_SESSION_CHANNEL_H

#include "err.h"
#include "wire.h"

/* session_open() - Take over the control channel. The loop stops when its other end closes. */
int session_open(int fd);

/* Handler of MSG_CANCEL. */
int session_handle_cancel(uint32_t id, struct slice body, struct err *e);

#endif
