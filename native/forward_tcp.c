/* SPDX-License-Identifier: Apache-2.0 */
/* Published TCP ports: each accepted connection gets one of its own to the service. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "accept_batch.h"
#include "forward_port.h"
#include "splice_pair.h"

struct tcp_connection {
	struct splice_pair pair;
	struct forward_port *port;
	struct tcp_connection *next, **at;	/* at: what points here */
};

static void connection_done(struct splice_pair *pair)
{
	struct tcp_connection *connection = container_of(pair, struct tcp_connection, pair);

	*connection->at = connection->next;
	if (connection->next)
		connection->next->at = connection->at;
	free(connection);
}

/*
 * The client is connected already, since the kernel did that: a service that refuses, or that is not running yet, can
 * only be shown as a reset, which is what clients of a port published by Docker see too.
 */
static void serve(struct forward_port *port, int front)
{
	struct tcp_connection *connection = malloc(sizeof(*connection));
	bool connected;
	int back;

	back = connection ? backend_connect(&port->backend, SOCK_STREAM, &connected) : -1;
	if (back < 0) {
		free(connection);
		reset_socket(front);
		return;
	}
	connection->port = port;
	connection->next = port->connections;
	connection->at = &port->connections;
	if (connection->next)
		connection->next->at = &connection->next;
	port->connections = connection;
	/* On failure the connection is reset and gone, and there is nobody to tell. */
	(void)splice_pair_start(&connection->pair, front, back, connected, connection_done);
}

static void serve_next(struct watch *watch, int front)
{
	serve(container_of(watch, struct forward_listener, watch)->port, front);
}

static void listener_ready(struct watch *watch, uint32_t events)
{
	(void)events;
	accept_batch(watch, &container_of(watch, struct forward_listener, watch)->pause, serve_next);
}

static void listener_resume(struct timer *timer)
{
	accept_resume(&container_of(timer, struct forward_listener, pause)->watch, timer);
}

int tcp_forward_start(struct forward_port *port, struct err *e)
{
	for (size_t i = 0; i < port->listeners_n; i++) {
		struct forward_listener *listener = &port->listeners[i];

		listener->port = port;
		listener->pause.fire = listener_resume;
		listener->watch.ready = listener_ready;
		if (watch_set(&listener->watch, EPOLLIN) < 0)
			return fail(e, errno, "watch a listener");
	}
	return 0;
}

void tcp_forward_stop(struct forward_port *port)
{
	while (port->connections)
		splice_pair_stop(&port->connections->pair);
}
