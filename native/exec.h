/* SPDX-License-Identifier: Apache-2.0 */
/* Further processes in a running container. */
#ifndef CAISSON_EXEC_H
#define CAISSON_EXEC_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "wire.h"

/* Handler of MSG_EXEC. */
int exec_handle(uint32_t id, struct slice body, struct err *e);

/* exec_signal() - To the process that TAG_EXEC_ID names, or to its process group. */
int exec_signal(struct slice body, int sig, bool group, struct err *e);

/* exec_terminal() - Master of the terminal of the process that TAG_EXEC_ID names, borrowed. Return: -1 with @e. */
int exec_terminal(struct slice body, struct err *e);

/* exec_container_gone() - No stream of such a process is left open. */
void exec_container_gone(const char *container);

#endif
