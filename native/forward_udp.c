/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published UDP ports. Each client, told by its address and port, gets a flow: a socket of its own in the container's
 * namespace, connected to the service, so that answers find their way back. Nobody says when a flow is over: it goes when
 * it was silent for a while, when the table is full and it was silent the longest, or when the service refuses (the
 * container may have been started anew, in another namespace).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "forward_port.h"

#define FLOWS_MAX 1024
#define BUCKETS 256
#define IDLE_US (60 * 1000000ull)
/* Datagrams moved in a row before others get their turn. */
#define BATCH 64
#define DATAGRAM_MAX 65535

struct udp_flow {
	struct watch watch;			/* towards the service */
	struct udp_table *table;
	struct forward_listener *listener;
	union address client;
	struct udp_flow *chain;			/* same bucket */
	struct udp_flow *older, *newer;		/* by last use */
	uint64_t used_us;
	/* ancillary data of answers: the address that the client wrote to */
	uint8_t from[CMSG_SPACE(sizeof(struct in6_pktinfo))] __attribute__((aligned(8)));
	size_t from_len;
};

struct udp_table {
	struct forward_port *port;
	struct timer idle;
	struct udp_flow *buckets[BUCKETS];
	struct udp_flow *oldest, *newest;
	size_t n;
};

static uint8_t datagram[DATAGRAM_MAX];

static struct udp_flow **bucket_of(struct udp_table *table, const union address *client)
{
	struct slice bytes = address_bytes(client);
	uint32_t hash = address_port(client);

	for (size_t i = 0; i < bytes.len; i++)
		hash = hash * 31 + bytes.data[i];
	return &table->buckets[(hash ^ hash >> 8) % BUCKETS];
}

static void unlink_age(struct udp_flow *flow)
{
	*(flow->older ? &flow->older->newer : &flow->table->oldest) = flow->newer;
	*(flow->newer ? &flow->newer->older : &flow->table->newest) = flow->older;
}

static void link_newest(struct udp_flow *flow)
{
	flow->used_us = now_us();
	flow->newer = NULL;
	flow->older = flow->table->newest;
	*(flow->older ? &flow->older->newer : &flow->table->oldest) = flow;
	flow->table->newest = flow;
}

static void flow_used(struct udp_flow *flow)
{
	unlink_age(flow);
	link_newest(flow);
}

static void flow_close(struct udp_flow *flow)
{
	struct udp_flow **at = bucket_of(flow->table, &flow->client);

	while (*at != flow)
		at = &(*at)->chain;
	*at = flow->chain;
	unlink_age(flow);
	flow->table->n--;
	watch_close(&flow->watch);
	free(flow);
}

static void expire(struct timer *timer)
{
	struct udp_table *table = container_of(timer, struct udp_table, idle);
	uint64_t now = now_us();

	while (table->oldest && table->oldest->used_us + IDLE_US <= now)
		flow_close(table->oldest);
	if (table->oldest)
		timer_arm(timer, table->oldest->used_us + IDLE_US - now);
}

static void answer(struct udp_flow *flow, size_t len)
{
	struct iovec part = { datagram, len };
	struct msghdr message = {
		.msg_name = &flow->client.any,
		.msg_namelen = address_len(&flow->client),
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
			flow_close(flow);
			return;
		}
		flow_used(flow);
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

static struct udp_flow *find_flow(struct udp_table *table, struct forward_listener *listener, const union address *client)
{
	struct udp_flow *flow = *bucket_of(table, client);

	while (flow && (flow->listener != listener || !address_equal(&flow->client, client)))
		flow = flow->chain;
	return flow;
}

/* Return: NULL when the container does not run, or nothing is left to make a socket with. */
static struct udp_flow *open_flow(struct udp_table *table, struct forward_listener *listener, const union address *client)
{
	struct udp_flow **bucket = bucket_of(table, client);
	_free_ struct udp_flow *fresh = calloc(1, sizeof(*fresh));
	struct udp_flow *flow = fresh;
	bool connected;

	if (!flow)
		return NULL;
	if (table->n == FLOWS_MAX)
		flow_close(table->oldest);
	flow->table = table;
	flow->listener = listener;
	flow->client = *client;
	flow->watch.ready = service_ready;
	flow->watch.fd = backend_connect(&table->port->backend, SOCK_DGRAM, &connected);
	if (flow->watch.fd < 0)
		return NULL;
	if (watch_set(&flow->watch, EPOLLIN) < 0) {
		watch_close(&flow->watch);
		return NULL;
	}
	fresh = NULL;
	flow->chain = *bucket;
	*bucket = flow;
	link_newest(flow);
	table->n++;
	if (!table->idle.due_us)
		timer_arm(&table->idle, IDLE_US);
	return flow;
}

static void deliver(struct forward_listener *listener, struct msghdr *message, size_t len)
{
	struct udp_table *table = listener->port->flows;
	const union address *client = message->msg_name;

	/* The second attempt is for a container that was started anew: the refusal ends the flow into the old one. */
	for (int attempt = 0; attempt < 2; attempt++) {
		struct udp_flow *flow = find_flow(table, listener, client);

		if (!flow)
			flow = open_flow(table, listener, client);
		if (!flow)
			return;
		remember_from(flow, message);
		flow_used(flow);
		if (RETRY(send(flow->watch.fd, datagram, len, MSG_NOSIGNAL)) >= 0 || errno == EAGAIN)
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
	port->flows->idle.fire = expire;
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
	while (port->flows->oldest)
		flow_close(port->flows->oldest);
	timer_cancel(&port->flows->idle);
	free(port->flows);
	port->flows = NULL;
}
