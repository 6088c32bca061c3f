/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections are dialed before they are accepted, so that who asks for one sees what he would see without us: a refusal, an
 * unreachable host, or silence, and not a connection that breaks.
 *
 * The namespace's chain logs the first packet of a connection (SYN) to us, and drops it. A connection is
 *
 *   DIALING	the packet is kept, its destination dialed. Copies that the client sends meanwhile are the same packet
 *   DIALED	the packet was sent again, with the mark by which the chain lets it through to the listener, whose accept(2)
 *		takes the dialed connection (uplink_tcp.c)
 *	TAKEN	remembered for a while. A client that was not answered in time (1 s) has sent its packet once more, and that copy
 *		may be read after the connection was accepted: it is no second connection
 *
 * and where dialing fails, the client gets what the kernel of the destination, or of a router, would send.
 *
 * Another chain holds the resets by which the kernel answers segments without a socket. Up to Linux 6.18 at least, one CPU that looks
 * for the socket of a connection can miss it while another one puts it in its request's place (inet_ehash_insert()). What is sent by
 * hand is answered on our CPU while the client runs on its own, so that its first data comes into that moment; the server it thinks
 * it talks to would not do that to it. Such a reset is lost: the client sends its data again after 200 ms (TCP_RTO_MIN).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "dial.h"
#include "netlink.h"
#include "netns.h"
#include "socket_option.h"
#include "uplink_namespace.h"

/* Packets taken in a row before others get their turn. */
#define BATCH 64
/* A thousand connections at once: the kernel counts about 1,500 bytes for each. */
#define RECEIVE_BUFFER (4 << 20)
#define MESSAGE_MAX 4096
/* After a connection was accepted: longer than the kernel takes, shorter than TCP_RTO_MIN. */
#define JUST_MADE_US 100000

struct held {
	struct flow flow;
	struct uplink *uplink;
	struct packet syn;
	struct dial dial;
	int back;		/* once dialed */
};

struct taken {
	struct flow flow;
	uint32_t sequence;
};

static void held_close(struct flow *flow)
{
	struct held *held = container_of(flow, struct held, flow);

	flow_remove(flow);
	dial_cancel(&held->dial);
	close_fdp(&held->back);
	free(held);
}

static void taken_close(struct flow *flow)
{
	flow_remove(flow);
	free(container_of(flow, struct taken, flow));
}

/* Return: that of @key, made where there is none; NULL without memory. */
static struct taken *taken_of(struct uplink *uplink, const struct flow_key *key)
{
	struct flow *flow = flow_find(&uplink->taken, key);
	struct taken *taken;

	if (flow) {
		flow_used(flow);
		return container_of(flow, struct taken, flow);
	}
	taken = calloc(1, sizeof(*taken));
	if (!taken)
		return NULL;
	taken->flow.key = *key;
	flow_add(&uplink->taken, &taken->flow);
	return taken;
}

static void remember(struct uplink *uplink, const struct held *held)
{
	struct taken *taken = taken_of(uplink, &held->flow.key);

	/* Else a copy makes a second connection, which nobody uses. */
	if (taken)
		taken->sequence = packet_sequence(&held->syn);
}

static bool was_taken(struct uplink *uplink, const struct flow_key *key, const struct packet *syn)
{
	struct flow *flow = flow_find(&uplink->taken, key);

	return flow && container_of(flow, struct taken, flow)->sequence == packet_sequence(syn);
}

static void refuse(struct held *held, int error)
{
	struct packet answer;

	if (error == ECONNREFUSED || error == ECONNRESET)
		packet_reset(&held->syn, &answer);
	else
		packet_unreachable(&held->syn, error == ENETUNREACH ? UNREACHABLE_NETWORK : UNREACHABLE_HOST, &answer);
	uplink_inject(held->uplink, &answer);
	held_close(&held->flow);
}

static void dialed(struct dial *dial, int fd, int error)
{
	struct held *held = container_of(dial, struct held, dial);

	if (fd < 0) {
		refuse(held, error);
		return;
	}
	held->back = fd;
	flow_used(&held->flow);
	uplink_inject(held->uplink, &held->syn);
}

static void hold(struct uplink *uplink, const struct packet *syn)
{
	struct flow_key key = { .client = syn->source, .service = syn->destination };
	struct flow *flow = flow_find(&uplink->held, &key);
	struct held *held;

	if (!flow && was_taken(uplink, &key, syn))
		return;
	held = flow ? container_of(flow, struct held, flow) : calloc(1, sizeof(*held));
	if (!held)
		return;
	held->syn = *syn;
	if (flow) {
		if (held->back >= 0)
			uplink_inject(uplink, syn);
		return;
	}
	held->flow.key = key;
	held->uplink = uplink;
	held->back = -1;
	held->dial.watch.fd = -1;
	flow_add(&uplink->held, &held->flow);
	uplink_connection_targets(uplink, &key, &held->dial.targets);
	dial_start(&held->dial, dialed);
}

static void hold_reset(struct uplink *uplink, const struct packet *reset)
{
	struct flow_key key = { .client = reset->destination, .service = reset->source };
	struct flow *taken = flow_find(&uplink->taken, &key);

	if (flow_find(&uplink->held, &key) || (taken && now_us() - taken->used_us < JUST_MADE_US))
		return;
	uplink_inject(uplink, reset);
}

int uplink_hold_take(struct uplink *uplink, const struct flow_key *key)
{
	struct flow *flow = flow_find(&uplink->held, key);
	struct held *held;
	int back;

	if (!flow)
		return -1;
	held = container_of(flow, struct held, flow);
	back = steal_fd(&held->back);
	remember(uplink, held);
	held_close(flow);
	return back;
}

/* The payload of one NFULNL_MSG_PACKET. Return: false when there is none. */
static bool logged_packet(const struct nlmsghdr *message, struct slice *packet)
{
	const uint8_t *at = NLMSG_DATA(message), *end = (const uint8_t *)message + message->nlmsg_len;

	if (message->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
		return false;
	at += NLMSG_ALIGN(sizeof(struct nfgenmsg));
	while (at < end && (size_t)(end - at) >= sizeof(struct nlattr)) {
		struct nlattr attribute;

		memcpy(&attribute, at, sizeof(attribute));
		if (attribute.nla_len < sizeof(attribute) || attribute.nla_len > end - at)
			return false;
		if ((attribute.nla_type & NLA_TYPE_MASK) == NFULA_PAYLOAD) {
			*packet = (struct slice){ at + sizeof(attribute), attribute.nla_len - sizeof(attribute) };
			return true;
		}
		at += NLA_ALIGN(attribute.nla_len);
	}
	return false;
}

static void captured_ready(struct watch *watch, uint32_t events)
{
	static char buffer[MESSAGE_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct uplink *uplink = container_of(watch, struct uplink, captured);

	(void)events;
	for (int i = 0; i < BATCH; i++) {
		ssize_t n = RETRY(recv(watch->fd, buffer, sizeof(buffer), 0));
		struct packet packet;
		struct slice bytes;

		/* ENOBUFS tells that packets were lost: their senders will repeat them. */
		if (n < 0 && errno == ENOBUFS)
			continue;
		if (n < 0)
			return;
		for (struct nlmsghdr *h = (void *)buffer; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n))
			if (!logged_packet(h, &bytes))
				continue;
			else if (packet_read_syn(bytes, &packet))
				hold(uplink, &packet);
			else if (packet_read_reset(bytes, &packet))
				hold_reset(uplink, &packet);
	}
}

int uplink_hold_start(struct uplink *uplink, struct slice request, struct err *e)
{
	struct watch *watch = &uplink->captured;

	flow_table_init(&uplink->held, held_close);
	flow_table_init(&uplink->taken, taken_close);
	watch->ready = captured_ready;
	watch->fd = netns_socket(uplink->netns, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	if (watch->fd < 0)
		return fail(e, errno, "netlink");
	if (set_option(watch->fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER) < 0)
		(void)set_option(watch->fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
	if (netlink_ask(watch->fd, request, e) < 0)
		return -1;
	return fcntl(watch->fd, F_SETFL, O_NONBLOCK) < 0 || watch_set(watch, EPOLLIN) < 0 ? fail(e, errno, "watch captured packets") : 0;
}

void uplink_hold_stop(struct uplink *uplink)
{
	flow_table_clear(&uplink->held);
	flow_table_clear(&uplink->taken);
	watch_close(&uplink->captured);
}
