/* SPDX-License-Identifier: Apache-2.0 */
/* The requests that concern containers. */
#ifndef CAISSON_CONTAINER_REQUESTS_H
#define CAISSON_CONTAINER_REQUESTS_H

#include "err.h"
#include "wire.h"

int container_handle_launch(uint32_t id, struct slice body, struct err *e);
int container_handle_signal(uint32_t id, struct slice body, struct err *e);
int container_handle_resize(uint32_t id, struct slice body, struct err *e);
int container_handle_stdin(uint32_t id, struct slice body, struct err *e);
int container_handle_log_wait(uint32_t id, struct slice body, struct err *e);
int container_handle_destroy(uint32_t id, struct slice body, struct err *e);
int container_handle_try(uint32_t id, struct slice body, struct err *e);

#endif
