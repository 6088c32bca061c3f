/* SPDX-License-Identifier: Apache-2.0 */
/* Published TCP ports: each accepted connection gets one of its own to the service. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "forward_port.h"
#include "splice_pair.h"

/* Connections accepted in a row before others get their turn. */
#define BATCH 32
#define PAUSE_US 20000

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

static void listener_ready(struct watch *watch, uint32_t events)
{
	struct forward_listener *listener = container_of(watch, struct forward_listener, watch);

	(void)events;
	for (int i = 0; i < BATCH; i++) {
		int front = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (front >= 0) {
			serve(listener->port, front);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			/* What waits would wake us again and again: leave it in the backlog for a while. */
			watch_set(watch, 0);
			timer_arm(&listener->pause, PAUSE_US);
			return;
		}
		if (errno == EAGAIN)
			return;
		/* Anything else concerns that one connection, accept(2). */
	}
}

static void listener_resume(struct timer *timer)
{
	struct forward_listener *listener = container_of(timer, struct forward_listener, pause);

	if (watch_set(&listener->watch, EPOLLIN) < 0)
		timer_arm(timer, PAUSE_US);
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
