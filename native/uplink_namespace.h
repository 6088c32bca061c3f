/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The uplink of one network namespace: what uplink.c, uplink_tcp.c and uplink_udp.c share.
 */
#ifndef CAISSON_UPLINK_NAMESPACE_H
#define CAISSON_UPLINK_NAMESPACE_H

#include "address.h"
#include "container.h"
#include "err.h"
#include "flow_table.h"
#include "loop.h"
#include "uplink_rules.h"

struct uplink {
	char id[ID_MAX + 1];		/* of the container or network */
	struct uplink_rules rules;
	struct watch listener;		/* TCP */
	struct timer pause;		/* while we are out of descriptors */
	struct watch datagrams;		/* UDP */
	struct uplink_connection *connections;
	size_t connections_n;
	struct flow_table flows;
	struct uplink *next;
};

/*
 * uplink_socket() - In namespace @netns, non-blocking: takes and sends what belongs to any address (IP_TRANSPARENT).
 * @family: AF_INET6 serves both
 * Return: fd, or -1 with errno.
 */
int uplink_socket(int netns, int family, int type);

/* Begin to serve the sockets of @uplink. Return: 0, or -1 with @e. */
int uplink_tcp_start(struct uplink *uplink, struct err *e);
int uplink_udp_start(struct uplink *uplink, struct err *e);

/* End it. Connections may go on for a while without their uplink, until what was said has arrived. */
void uplink_tcp_stop(struct uplink *uplink);
void uplink_udp_stop(struct uplink *uplink);

/*
 * uplink_tell_unreachable() - To the sender of a datagram, as the kernel at its destination would (RFC 792, RFC 4443).
 * @netns: of the sender's side
 */
void uplink_tell_unreachable(int netns, const union address *sender, const union address *destination);

#endif
