/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A published port: the same port number on one or more host addresses, and the service in a container behind it.
 */
#ifndef CAISSON_FORWARD_PORT_H
#define CAISSON_FORWARD_PORT_H

#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "backend.h"
#include "err.h"
#include "loop.h"

#define HOST_ADDRESSES_MAX 16

struct forward_listener {
	struct watch watch;
	struct timer pause;	/* while we are out of descriptors */
	struct forward_port *port;
	union address address;
};

struct forward_port {
	struct backend backend;
	uint8_t protocol;
	struct forward_listener listeners[HOST_ADDRESSES_MAX];
	size_t listeners_n;
	struct tcp_connection *connections;
	struct udp_table *flows;
	struct forward_port *next;
};

/*
 * forward_bind() - Bind every listener of @port; their addresses carry the wanted port, 0 for any. Then all carry the
 * port that was got. Listeners for ::1 and :: are dropped where the host has no IPv6.
 * Return: 0, or -1 with @e and nothing bound.
 */
int forward_bind(struct forward_port *port, struct err *e);

/* forward_unbind() - Close the listeners. */
void forward_unbind(struct forward_port *port);

/* Both protocols: watch the bound listeners; and end all connections (flows). Return: 0, or -1 with @e. */
int tcp_forward_start(struct forward_port *port, struct err *e);
void tcp_forward_stop(struct forward_port *port);
int udp_forward_start(struct forward_port *port, struct err *e);
void udp_forward_stop(struct forward_port *port);

#endif
