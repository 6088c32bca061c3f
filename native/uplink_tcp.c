/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP connections to the outside. One is
 *
 *   RELAYING	a splice_pair
 *   LINGERING	the same after the namespace's processes are gone: what they sent last is still carried on, for a while
 *
 * and before that it was dialed by uplink_hold.c. One that came by it is
 *
 *   DIALING	nothing is read meanwhile, what comes waits in the kernel. A destination that refuses is shown by a reset
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "accept_batch.h"
#include "dial.h"
#include "socket_option.h"
#include "splice_pair.h"
#include "uplink_namespace.h"

/* No namespace may use up the descriptors of all: two for each connection. */
#define CONNECTIONS_MAX 8192
#define LINGER_US 5000000

struct uplink_connection {
	struct splice_pair pair;
	struct uplink *uplink;	/* NULL: lingering */
	struct dial dial;
	int front;		/* while dialing */
	struct timer linger;
	struct uplink_connection *next, **at;	/* at: what points here */
};

static void connection_free(struct uplink_connection *c)
{
	if (c->uplink) {
		c->uplink->connections_n--;
		*c->at = c->next;
		if (c->next)
			c->next->at = c->at;
	}
	timer_cancel(&c->linger);
	free(c);
}

static void give_up(struct uplink_connection *c)
{
	dial_cancel(&c->dial);
	reset_socket(c->front);
	connection_free(c);
}

static void pair_done(struct splice_pair *pair)
{
	connection_free(container_of(pair, struct uplink_connection, pair));
}

static void relay(struct uplink_connection *c, int back)
{
	/* On failure the connection is reset and gone, and there is nobody to tell. */
	(void)splice_pair_start(&c->pair, steal_fd(&c->front), back, true, pair_done);
}

static void dialed(struct dial *dial, int fd, int error)
{
	struct uplink_connection *c = container_of(dial, struct uplink_connection, dial);

	(void)error;
	if (fd < 0)
		give_up(c);
	else
		relay(c, fd);
}

/* Return: false when the kernel does not say. */
static bool both_ends(int front, struct flow_key *key)
{
	socklen_t client_len = sizeof(key->client), service_len = sizeof(key->service);

	if (getpeername(front, &key->client.any, &client_len) < 0 || getsockname(front, &key->service.any, &service_len) < 0)
		return false;
	address_unmap(&key->client);
	address_unmap(&key->service);
	return true;
}

static void serve(struct watch *listener, int front)
{
	struct uplink *uplink = container_of(listener, struct uplink, listener);
	struct uplink_connection *c = NULL;
	struct flow_key key = { 0 };
	int back;

	if (uplink->connections_n < CONNECTIONS_MAX && both_ends(front, &key))
		c = calloc(1, sizeof(*c));
	if (!c) {
		reset_socket(front);
		return;
	}
	c->uplink = uplink;
	c->front = front;
	c->next = uplink->connections;
	c->at = &uplink->connections;
	if (c->next)
		c->next->at = &c->next;
	uplink->connections = c;
	uplink->connections_n++;
	back = uplink_hold_take(uplink, &key);
	if (back >= 0) {
		relay(c, back);
		return;
	}
	uplink_connection_targets(uplink, &key, &c->dial.targets);
	dial_start(&c->dial, dialed);
}

static void listener_ready(struct watch *listener, uint32_t events)
{
	(void)events;
	accept_batch(listener, &container_of(listener, struct uplink, listener)->pause, serve);
}

static void listener_resume(struct timer *timer)
{
	accept_resume(&container_of(timer, struct uplink, pause)->listener, timer);
}

int uplink_tcp_start(struct uplink *uplink, struct err *e)
{
	int fd = uplink->listener.fd;

	/* Accepted sockets inherit both. */
	if (set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) < 0 || set_option(fd, SOL_SOCKET, SO_OOBINLINE, 1) < 0)
		return fail(e, errno, "listener of the uplink");
	uplink->pause.fire = listener_resume;
	uplink->listener.ready = listener_ready;
	return watch_set(&uplink->listener, EPOLLIN) < 0 ? fail(e, errno, "watch the uplink") : 0;
}

static void linger_over(struct timer *timer)
{
	splice_pair_stop(&container_of(timer, struct uplink_connection, linger)->pair);
}

static void leave(struct uplink_connection *c)
{
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	c->uplink = NULL;
	c->linger.fire = linger_over;
	timer_arm(&c->linger, LINGER_US);
}

void uplink_tcp_stop(struct uplink *uplink)
{
	while (uplink->connections) {
		if (uplink->connections->front >= 0)
			give_up(uplink->connections);
		else
			leave(uplink->connections);
	}
}
