/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending requests that TypeScript composed to the kernel, netlink(7).
 */
#ifndef CAISSON_NETLINK_H
#define CAISSON_NETLINK_H

#include <linux/netlink.h>

#include "err.h"
#include "wire.h"

/*
 * netlink_send() - Send all of @requests in the network namespace of the caller, and wait for the answers to those that
 * ask for one (NLM_F_ACK). @protocol: NETLINK_ROUTE, NETLINK_NETFILTER.
 * Return: 0, or -1 with @e, which names the first request that failed by its number.
 */
int netlink_send(int protocol, struct slice requests, struct err *e);

/* netlink_send_in() - The same in network namespace @netns. */
int netlink_send_in(int netns, int protocol, struct slice requests, struct err *e);

/* netlink_ask() - The same by a socket that stays, and so does what was asked for; it must be a blocking one. */
int netlink_ask(int fd, struct slice requests, struct err *e);

#endif
