/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Nothing of the host is configured. The namespace has a route `local default dev lo`, so that the kernel takes what is sent
 * to whatever address for its own, and an nf_tables chain in front of that decision, which gives us what is not the
 * namespace's own. In a container's namespace all of that happens on `lo`; in a network's, packets come in by the bridge.
 * The route, the rules and the port of our sockets are TypeScript's.
 *
 * TCP: the first packet is logged to us and dropped. We dial its destination, then send it again (uplink_hold.c); now the
 * chain hands it to our listener (tproxy). The connection that we accept has the original destination as its own address,
 * and is spliced to the dialed one (uplink_tcp.c). Its further packets find their socket without any rule.
 * UDP: datagrams arrive at one socket (tproxy), with their destinations beside them; answers are sent as packets
 * (uplink_udp.c, uplink_inject.c).
 *
 * The chain only sees to it that packets come here. Who may reach what is decided by the rules in this process: a container
 * that may configure its own network could send us anything.
 *
 * What it costs a namespace (kernel 6.18, 2 shared cores, in a loop / after 60 ms of sleep): two routes 28 / 65 us, three
 * sockets 22 / 45 us, the chain of 13 rules 130 / 230 us. All but the routes is done here, while the container's first
 * process mounts its file systems. nf_tables waits for no grace period: what goes is freed in the background. A BPF
 * program at sk_lookup instead of tproxy does without a look at every packet, but its map, its program and its link take
 * 280 / 320 us, and privileges that no user namespace gives.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "netlink.h"
#include "netns.h"
#include "protocol.h"
#include "session.h"
#include "socket_option.h"
#include "uplink.h"
#include "uplink_namespace.h"

static struct uplink *uplinks;

static struct uplink **find(const char *id)
{
	struct uplink **at = &uplinks;

	while (*at && strcmp((*at)->id, id) != 0)
		at = &(*at)->next;
	return at;
}

/* Takes what is for any address (IP_TRANSPARENT); of AF_INET6, of both families. */
static int transparent_socket(int netns, int family, int type)
{
	_close_ int fd = netns_socket(netns, family, type | SOCK_NONBLOCK, 0);

	if (fd < 0 || set_option(fd, IPPROTO_IP, IP_TRANSPARENT, 1) < 0)
		return -1;
	/* Accepted sockets inherit it: they have the destination's port, which a server in the container may want too. */
	if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0)
		return -1;
	if (family == AF_INET6 && (set_option(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1) < 0 || set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0) < 0))
		return -1;
	return steal_fd(&fd);
}

static int bound_socket(int netns, int type, uint16_t port)
{
	union address any = { .v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) } };
	_close_ int fd = transparent_socket(netns, AF_INET6, type);

	if (fd < 0 && errno == EAFNOSUPPORT) {
		any = (union address){ .v4 = { .sin_family = AF_INET, .sin_port = htons(port) } };
		fd = transparent_socket(netns, AF_INET, type);
	}
	if (fd < 0 || bind(fd, &any.any, address_len(&any)) < 0 || (type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0))
		return -1;
	return steal_fd(&fd);
}

static int open_sockets(struct uplink *uplink, uint16_t port, struct slice settings, struct err *e)
{
	struct slice capture;

	uplink->listener.fd = bound_socket(uplink->netns, SOCK_STREAM, port);
	uplink->datagrams.fd = uplink->listener.fd < 0 ? -1 : bound_socket(uplink->netns, SOCK_DGRAM, port);
	if (uplink->datagrams.fd < 0)
		return fail(e, errno, "sockets of the uplink");
	if (find_slice(settings, TAG_CAPTURE, &capture) && uplink_hold_start(uplink, capture, e) < 0)
		return -1;
	return uplink_tcp_start(uplink, e) < 0 || uplink_udp_start(uplink, e) < 0 ? -1 : 0;
}

static void uplink_close(struct uplink *uplink)
{
	timer_cancel(&uplink->pause);
	watch_close(&uplink->listener);
	watch_close(&uplink->datagrams);
	uplink_hold_stop(uplink);
	uplink_inject_stop(uplink);
	uplink_tcp_stop(uplink);
	uplink_udp_stop(uplink);
	uplink_refusals_stop(uplink);
	uplink_rules_free(&uplink->rules);
	free(uplink);
}

/* apply() - The rules that are the namespace's, and then those that are ours. */
static int apply(struct uplink *uplink, struct slice settings, struct err *e)
{
	struct uplink_rules rules;
	struct slice requests;

	if (uplink_rules_read(settings, &rules, e) < 0)
		return -1;
	if (find_slice(settings, TAG_DATA, &requests) && netlink_send_in(uplink->netns, NETLINK_NETFILTER, requests, e) < 0) {
		uplink_rules_free(&rules);
		return -1;
	}
	uplink_rules_free(&uplink->rules);
	uplink->rules = rules;
	return 0;
}

int uplink_start(const char *id, int netns, struct slice settings, struct err *e)
{
	struct uplink *uplink;
	uint64_t port, mark = 0;

	if (!find_u64(settings, TAG_PORT, &port) || port == 0 || port > UINT16_MAX)
		return fail(e, EINVAL, "malformed port of an uplink");
	find_u64(settings, TAG_MARK, &mark);
	uplink = calloc(1, sizeof(*uplink));
	if (!uplink)
		return fail(e, ENOMEM, "uplink");
	strcpy(uplink->id, id);
	uplink->netns = netns;
	uplink->mark = (uint32_t)mark;
	uplink->listener.fd = uplink->datagrams.fd = uplink->captured.fd = uplink->raw[0] = uplink->raw[1] = -1;
	if (apply(uplink, settings, e) < 0 || open_sockets(uplink, (uint16_t)port, settings, e) < 0) {
		uplink_close(uplink);
		return -1;
	}
	uplink->next = uplinks;
	uplinks = uplink;
	return 0;
}

void uplink_stop(const char *id)
{
	struct uplink **at = find(id), *uplink = *at;

	if (!uplink)
		return;
	*at = uplink->next;
	uplink_close(uplink);
}

int uplink_handle_set(uint32_t id, struct slice body, struct err *e)
{
	char name[ID_MAX + 1];
	struct slice settings;
	struct uplink *uplink;

	if (!find_text(body, TAG_ID, name, sizeof(name)) || !find_slice(body, TAG_UPLINK, &settings))
		return fail(e, EINVAL, "malformed settings of an uplink");
	uplink = *find(name);
	if (!uplink)
		return fail(e, ENOENT, "no uplink %.32s", name);
	if (apply(uplink, settings, e) < 0)
		return -1;
	session_ok(id, NULL);
	return 0;
}
