/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The uplink of one network namespace: what the files uplink*.c share.
 */
#ifndef CAISSON_UPLINK_NAMESPACE_H
#define CAISSON_UPLINK_NAMESPACE_H

#include "address.h"
#include "container.h"
#include "err.h"
#include "flow_table.h"
#include "loop.h"
#include "packet.h"
#include "uplink_rules.h"

struct uplink {
	char id[ID_MAX + 1];		/* of the container or network */
	int netns;			/* borrowed from who started it, and who stops it before closing */
	struct uplink_rules rules;
	uint32_t mark;			/* of packets that we send into the namespace */
	struct watch listener;		/* TCP */
	struct timer pause;		/* while we are out of descriptors */
	struct watch datagrams;		/* UDP */
	struct watch captured;		/* the first packets of connections, by netlink */
	int raw[2];			/* for packets that we send, IPv4 and IPv6; -1 before the first */
	struct uplink_connection *connections;
	size_t connections_n;
	struct flow_table held;		/* of captured, connections that are dialed before they are let through */
	struct flow_table taken;	/* of those, what was accepted lately */
	struct flow_table flows;	/* of datagrams */
	struct refusals *refusals;	/* that were told; NULL before the first */
	struct uplink *next;
};

/*
 * uplink_inject() - Send a packet in the uplink's namespace as it is; or a datagram, at most UINT16_MAX bytes of payload, from
 * the service of @key to its client. One that can't be sent is lost, as packets are.
 */
void uplink_inject(struct uplink *uplink, const struct packet *packet);
void uplink_inject_datagram(struct uplink *uplink, const struct flow_key *key, struct slice payload);

/* Begin to serve the sockets of @uplink. Return: 0, or -1 with @e. */
int uplink_tcp_start(struct uplink *uplink, struct err *e);
int uplink_udp_start(struct uplink *uplink, struct err *e);

/* @request: by which the kernel hands over packets that a rule logs. */
int uplink_hold_start(struct uplink *uplink, struct slice request, struct err *e);

/*
 * uplink_hold_take() - For a connection that was accepted.
 * Return: the connection to the destination that was made before, the caller's; -1: there is none.
 */
int uplink_hold_take(struct uplink *uplink, const struct flow_key *key);

/* uplink_connection_targets() - What to dial for a TCP connection. Node is told where that is nothing. */
void uplink_connection_targets(struct uplink *uplink, const struct flow_key *key, struct uplink_targets *targets);

/* End it. Connections may go on for a while without their uplink, until what was said has arrived. */
void uplink_tcp_stop(struct uplink *uplink);
void uplink_udp_stop(struct uplink *uplink);
void uplink_hold_stop(struct uplink *uplink);
void uplink_inject_stop(struct uplink *uplink);
void uplink_refusals_stop(struct uplink *uplink);

#endif
