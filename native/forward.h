/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published ports: a listener on the host, for each connection a socket made inside the container's network namespace,
 * and splice(2) both ways.
 */
#ifndef CAISSON_FORWARD_H
#define CAISSON_FORWARD_H

#include "err.h"
#include "wire.h"

/* Handlers of MSG_PUBLISH and MSG_UNPUBLISH. */
int forward_handle_publish(uint32_t id, struct slice body, struct err *e);
int forward_handle_unpublish(uint32_t id, struct slice body, struct err *e);

/* forward_close() - Close every port of a container, with its connections. */
void forward_close(const char *container);

#endif
