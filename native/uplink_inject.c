/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets that the namespace gets from us. They are written by hand, since a socket that is bound to the address and port
 * that they come from would be in the way of a server in the container that wants the port on all addresses.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "netns.h"
#include "socket_option.h"
#include "uplink_namespace.h"

/* Of what is behind the IP header, where a link takes less than all of it: fits into the smallest that IPv6 allows, and a multiple of 8. */
#define FRAGMENT 1224

static int raw_socket(const struct uplink *uplink, int family)
{
	_close_ int fd = netns_socket(uplink->netns, family, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_RAW);

	if (fd < 0 || set_option(fd, SOL_SOCKET, SO_MARK, (int)uplink->mark) < 0)
		return -1;
	/* With IPPROTO_RAW the header is ours to write; IPv6 has to be told. */
	if (family == AF_INET6 && set_option(fd, IPPROTO_IPV6, IPV6_HDRINCL, 1) < 0)
		return -1;
	return steal_fd(&fd);
}

/* Return: 0, or -1 with errno. */
static int send_parts(struct uplink *uplink, const struct packet *headers, struct slice rest)
{
	int family = headers->destination.any.sa_family, *fd = &uplink->raw[family == AF_INET6];
	union address to = headers->destination;
	struct iovec parts[] = { { (void *)(uintptr_t)headers->bytes, headers->len }, { (void *)(uintptr_t)rest.data, rest.len } };
	struct msghdr message = {
		.msg_name = &to,
		.msg_namelen = address_len(&to),
		.msg_iov = parts,
		.msg_iovlen = ARRAY_SIZE(parts),
	};

	address_set_port(&to, 0);
	if (*fd < 0)
		*fd = raw_socket(uplink, family);
	return *fd < 0 || RETRY(sendmsg(*fd, &message, MSG_NOSIGNAL)) < 0 ? -1 : 0;
}

void uplink_inject(struct uplink *uplink, const struct packet *packet)
{
	(void)send_parts(uplink, packet, (struct slice){ 0 });
}

static void send_fragments(struct uplink *uplink, const struct packet *headers, struct slice payload)
{
	static uint8_t transport[sizeof(struct udphdr) + UINT16_MAX];
	static uint32_t id;
	size_t header = headers->len - headers->ip_len, len = header + payload.len;

	memcpy(transport, headers->bytes + headers->ip_len, header);
	memcpy(transport + header, payload.data, payload.len);
	id++;
	for (size_t offset = 0; offset < len; offset += FRAGMENT) {
		bool more = len - offset > FRAGMENT;
		struct slice part = { transport + offset, more ? FRAGMENT : len - offset };
		struct packet fragment;

		packet_fragment(headers, offset, part.len, more, id, &fragment);
		if (send_parts(uplink, &fragment, part) < 0)
			return;
	}
}

void uplink_inject_datagram(struct uplink *uplink, const struct flow_key *key, struct slice payload)
{
	struct packet headers;

	packet_udp(&key->service, &key->client, payload, &headers);
	if (send_parts(uplink, &headers, payload) < 0 && errno == EMSGSIZE)
		send_fragments(uplink, &headers, payload);
}

void uplink_inject_stop(struct uplink *uplink)
{
	for (size_t i = 0; i < ARRAY_SIZE(uplink->raw); i++) {
		close_fdp(&uplink->raw[i]);
		uplink->raw[i] = -1;
	}
}
