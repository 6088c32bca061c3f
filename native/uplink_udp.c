/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams to the outside. A flow is what one address of the namespace sends to one destination. It has a socket on the
 * host's side, connected to the destination or to what the rules put in its place, so that answers find their way back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "socket_option.h"
#include "uplink_namespace.h"

/* Datagrams moved in a row before others get their turn. */
#define BATCH 64
#define DATAGRAM_MAX 65535

struct udp_flow {
	struct flow flow;
	struct uplink *uplink;
	struct watch outer;
	struct uplink_targets targets;
	size_t tried;
};

static uint8_t datagram[DATAGRAM_MAX];

static void flow_close(struct flow *flow)
{
	struct udp_flow *udp = container_of(flow, struct udp_flow, flow);

	flow_remove(flow);
	watch_close(&udp->outer);
	free(udp);
}

/* To the sender of a datagram, as the kernel at its destination would. */
static void tell_unreachable(struct uplink *uplink, const struct flow_key *key)
{
	struct packet sent, message;

	packet_udp(&key->client, &key->service, (struct slice){ 0 }, &sent);
	packet_unreachable(&sent, UNREACHABLE_PORT, &message);
	uplink_inject(uplink, &message);
}

/* To the next of the targets. Return: false when there is none left. */
static bool open_outer(struct udp_flow *udp)
{
	while (udp->tried < udp->targets.n) {
		const union address *to = &udp->targets.items[udp->tried++];

		udp->outer.fd = socket(to->any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (udp->outer.fd >= 0 && connect(udp->outer.fd, &to->any, address_len(to)) == 0 && watch_set(&udp->outer, EPOLLIN) == 0)
			return true;
		watch_close(&udp->outer);
	}
	return false;
}

/* Nobody is there: the next address may have somebody, who will get the datagram when it is sent again. */
static void refused(struct udp_flow *udp)
{
	watch_close(&udp->outer);
	if (open_outer(udp))
		return;
	tell_unreachable(udp->uplink, &udp->flow.key);
	flow_close(&udp->flow);
}

static bool means_refused(int error)
{
	return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH;
}

static void outer_ready(struct watch *watch, uint32_t events)
{
	struct udp_flow *udp = container_of(watch, struct udp_flow, outer);

	(void)events;
	for (int i = 0; i < BATCH; i++) {
		ssize_t n = RETRY(recv(watch->fd, datagram, sizeof(datagram), 0));

		if (n < 0) {
			if (means_refused(errno))
				refused(udp);
			return;
		}
		flow_used(&udp->flow);
		uplink_inject_datagram(udp->uplink, &udp->flow.key, (struct slice){ datagram, (size_t)n });
	}
}

static struct udp_flow *open_flow(struct uplink *uplink, const struct flow_key *key)
{
	struct udp_flow *udp = calloc(1, sizeof(*udp));

	if (!udp)
		return NULL;
	udp->flow.key = *key;
	udp->uplink = uplink;
	udp->outer = (struct watch){ .fd = -1, .ready = outer_ready };
	uplink_rules_match(&uplink->rules, &key->client, &key->service, &udp->targets);
	if (!open_outer(udp)) {
		tell_unreachable(uplink, key);
		free(udp);
		return NULL;
	}
	flow_add(&uplink->flows, &udp->flow);
	return udp;
}

/* The address that the datagram was sent to. Return: false when the kernel did not say. */
static bool original_destination(struct msghdr *message, union address *to)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_ORIGDSTADDR)
			memcpy(&to->v4, CMSG_DATA(c), sizeof(to->v4));
		else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_ORIGDSTADDR)
			memcpy(&to->v6, CMSG_DATA(c), sizeof(to->v6));
		else
			continue;
		return true;
	}
	return false;
}

static void deliver(struct uplink *uplink, const struct flow_key *key, size_t len)
{
	struct flow *flow = flow_find(&uplink->flows, key);
	struct udp_flow *udp = flow ? container_of(flow, struct udp_flow, flow) : open_flow(uplink, key);

	if (!udp)
		return;
	flow_used(&udp->flow);
	if (RETRY(send(udp->outer.fd, datagram, len, MSG_NOSIGNAL)) < 0 && means_refused(errno))
		refused(udp);
}

static void datagrams_ready(struct watch *watch, uint32_t events)
{
	struct uplink *uplink = container_of(watch, struct uplink, datagrams);

	(void)events;
	for (int i = 0; i < BATCH; i++) {
		uint8_t control[128] __attribute__((aligned(8)));
		struct iovec part = { datagram, sizeof(datagram) };
		struct flow_key key = { 0 };
		struct msghdr message = {
			.msg_name = &key.client,
			.msg_namelen = sizeof(key.client),
			.msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t n = RETRY(recvmsg(watch->fd, &message, 0));

		if (n < 0)
			return;
		if (!original_destination(&message, &key.service))
			continue;
		address_unmap(&key.client);
		address_unmap(&key.service);
		deliver(uplink, &key, (size_t)n);
	}
}

int uplink_udp_start(struct uplink *uplink, struct err *e)
{
	int fd = uplink->datagrams.fd;

	flow_table_init(&uplink->flows, flow_close);
	uplink->datagrams.ready = datagrams_ready;
	if (set_option(fd, IPPROTO_IP, IP_RECVORIGDSTADDR, 1) < 0)
		return fail(e, errno, "destinations of datagrams");
	/* Refused by a socket of IPv4, where there is nothing else. */
	(void)set_option(fd, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, 1);
	return watch_set(&uplink->datagrams, EPOLLIN) < 0 ? fail(e, errno, "watch the uplink") : 0;
}

void uplink_udp_stop(struct uplink *uplink)
{
	flow_table_clear(&uplink->flows);
}
