/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published UDP ports. Each client, told by its address and port, gets a flow: a socket of its own in the container's
 * namespace, connected to the service, so that answers find their way back. Besides what the table says of a flow's end, it
 * goes when the service refuses: the container may have been started anew, in another namespace.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "flow_table.h"
#include "forward_port.h"

/* Datagrams moved in a row before others get their turn. */
#define BATCH 64
#define DATAGRAM_MAX 65535

struct udp_flow {
	struct flow flow;
	struct watch watch;			/* towards the service */
	struct forward_listener *listener;
	/* ancillary data of answers: the address that the client wrote to */
	uint8_t from[CMSG_SPACE(sizeof(struct in6_pktinfo))] __attribute__((aligned(8)));
	size_t from_len;
};

struct udp_table {
	struct flow_table flows;
	struct forward_port *port;
};

static uint8_t datagram[DATAGRAM_MAX];

static void flow_close(struct flow *flow)
{
	struct udp_flow *udp = container_of(flow, struct udp_flow, flow);

	flow_remove(flow);
	watch_close(&udp->watch);
	free(udp);
}

static void answer(struct udp_flow *flow, size_t len)
{
	struct iovec part = { datagram, len };
	struct msghdr message = {
		.msg_name = &flow->flow.key.client.any,
		.msg_namelen = address_len(&flow->flow.key.client),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = flow->from_len ? flow->from : NULL,
		.msg_controllen = flow->from_len,
	};

	/* A datagram that can't be sent is lost, as datagrams are. */
	(void)sendmsg(flow->listener->watch.fd, &message, MSG_NOSIGNAL);
}

static void service_ready(struct watch *watch, uint32_t events)
{
	struct udp_flow *flow = container_of(watch, struct udp_flow, watch);

	(void)events;
	for (int i = 0; i < BATCH; i++) {
		ssize_t n = RETRY(recv(watch->fd, datagram, sizeof(datagram), 0));

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			flow_close(&flow->flow);
			return;
		}
		flow_used(&flow->flow);
		answer(flow, (size_t)n);
	}
}

/* The received packet information, turned into what sends an answer from that address by whatever route there is. */
static void remember_from(struct udp_flow *flow, struct msghdr *message)
{
	struct msghdr out = { .msg_control = flow->from, .msg_controllen = sizeof(flow->from) };
	struct cmsghdr *to = CMSG_FIRSTHDR(&out);

	flow->from_len = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			info = (struct in_pktinfo){ .ipi_spec_dst = info.ipi_spec_dst };
			*to = (struct cmsghdr){ CMSG_LEN(sizeof(info)), IPPROTO_IP, IP_PKTINFO };
			memcpy(CMSG_DATA(to), &info, sizeof(info));
			flow->from_len = CMSG_SPACE(sizeof(info));
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			/* Link-local addresses mean nothing without their interface: it stays. */
			*to = (struct cmsghdr){ CMSG_LEN(sizeof(struct in6_pktinfo)), IPPROTO_IPV6, IPV6_PKTINFO };
			memcpy(CMSG_DATA(to), CMSG_DATA(c), sizeof(struct in6_pktinfo));
			flow->from_len = CMSG_SPACE(sizeof(struct in6_pktinfo));
		}
	}
}

/* Return: NULL when the container does not run, or nothing is left to make a socket with. */
static struct flow *open_flow(struct udp_table *table, struct forward_listener *listener, const struct flow_key *key)
{
	struct udp_flow *udp = calloc(1, sizeof(*udp));
	bool connected;

	if (!udp)
		return NULL;
	udp->flow.key = *key;
	udp->listener = listener;
	udp->watch.ready = service_ready;
	udp->watch.fd = backend_connect(&table->port->backend, SOCK_DGRAM, &connected);
	if (udp->watch.fd < 0 || watch_set(&udp->watch, EPOLLIN) < 0) {
		watch_close(&udp->watch);
		free(udp);
		return NULL;
	}
	flow_add(&table->flows, &udp->flow);
	return &udp->flow;
}

static void deliver(struct forward_listener *listener, struct msghdr *message, size_t len)
{
	struct udp_table *table = listener->port->flows;
	struct flow_key key = { .client = *(const union address *)message->msg_name, .service = listener->address };

	/* The second attempt is for a container that was started anew: the refusal ends the flow into the old one. */
	for (int attempt = 0; attempt < 2; attempt++) {
		struct flow *flow = flow_find(&table->flows, &key);
		struct udp_flow *udp;

		if (!flow)
			flow = open_flow(table, listener, &key);
		if (!flow)
			return;
		udp = container_of(flow, struct udp_flow, flow);
		remember_from(udp, message);
		flow_used(flow);
		if (RETRY(send(udp->watch.fd, datagram, len, MSG_NOSIGNAL)) >= 0 || errno == EAGAIN)
			return;
		flow_close(flow);
	}
}

static void listener_ready(struct watch *watch, uint32_t events)
{
	struct forward_listener *listener = container_of(watch, struct forward_listener, watch);

	(void)events;
	for (int i = 0; i < BATCH; i++) {
		uint8_t control[128] __attribute__((aligned(8)));
		struct iovec part = { datagram, sizeof(datagram) };
		union address client;
		struct msghdr message = {
			.msg_name = &client,
			.msg_namelen = sizeof(client),
			.msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t n = recvmsg(watch->fd, &message, 0);

		if (n >= 0)
			deliver(listener, &message, (size_t)n);
		else if (errno == EAGAIN)
			return;
		/* Anything else is the fate of an answer to a client that is gone. */
	}
}

int udp_forward_start(struct forward_port *port, struct err *e)
{
	port->flows = calloc(1, sizeof(*port->flows));
	if (!port->flows)
		return fail(e, ENOMEM, "publish a port");
	port->flows->port = port;
	flow_table_init(&port->flows->flows, flow_close);
	for (size_t i = 0; i < port->listeners_n; i++) {
		port->listeners[i].port = port;
		port->listeners[i].watch.ready = listener_ready;
		if (watch_set(&port->listeners[i].watch, EPOLLIN) < 0)
			return fail(e, errno, "watch a listener");
	}
	return 0;
}

void udp_forward_stop(struct forward_port *port)
{
	if (!port->flows)
		return;
	flow_table_clear(&port->flows->flows);
	free(port->flows);
	port->flows = NULL;
}
