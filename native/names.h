/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking DNS queries inside a container's network namespace and handing them to Node, which answers. Nothing here looks
 * into a message.
 */
#ifndef CAISSON_NAMES_H
#define CAISSON_NAMES_H

#include "err.h"
#include "wire.h"

/* names_start() - Take queries in namespace @netns, UDP and TCP, where a TAG_NAMES says. Return: 0, or -1 with @e. */
int names_start(const char *container, int netns, struct slice settings, struct err *e);

/* names_stop() - End it; nothing happens where it was never begun. */
void names_stop(const char *container);

/* Handler of MSG_NAME_REPLY. */
int names_handle_reply(uint32_t id, struct slice body, struct err *e);

#endif
