/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way from a network namespace to the outside: TCP connections and UDP datagrams for addresses that are not the
 * namespace's own arrive at two sockets of ours in it, and are carried on from the supervisor's namespace.
 */
#ifndef CAISSON_UPLINK_H
#define CAISSON_UPLINK_H

#include "err.h"
#include "wire.h"

/* uplink_start() - For container or network @id, with namespace @netns and a TAG_UPLINK. Return: 0, or -1 with @e. */
int uplink_start(const char *id, int netns, struct slice settings, struct err *e);

/* uplink_stop() - End it; nothing happens where it was never begun. */
void uplink_stop(const char *id);

/* Handler of MSG_UPLINK. */
int uplink_handle_set(uint32_t id, struct slice body, struct err *e);

#endif
