/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "netns.h"
#include "socket_option.h"
#include "uplink_namespace.h"

/*
 * An error message quotes the datagram that it is about: its IP header and its ports, by which the sender's kernel finds the
 * socket. Nothing else of the quotation is looked at, so the rest of the headers stays zero.
 */
struct quoted_v4 {
	struct icmphdr icmp;
	struct iphdr ip;
	struct udphdr udp;
};

struct quoted_v6 {
	struct icmp6_hdr icmp;
	struct ip6_hdr ip;
	struct udphdr udp;
};

/* RFC 1071. */
static uint16_t checksum(const void *data, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2) {
		uint16_t word;

		memcpy(&word, (const uint8_t *)data + i, sizeof(word));
		sum += word;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static struct udphdr quoted_udp(const union address *sender, const union address *destination)
{
	return (struct udphdr){
		.source = htons(address_port(sender)),
		.dest = htons(address_port(destination)),
		.len = htons(sizeof(struct udphdr)),
	};
}

/* From the destination's address, which is what transparent sockets are for. A message that can't be sent is a message lost. */
static void send_raw(int netns, int protocol, const union address *sender, const union address *destination, const void *data, size_t len)
{
	_close_ int fd = netns_socket(netns, sender->any.sa_family, SOCK_RAW | SOCK_NONBLOCK, protocol);
	bool v6 = sender->any.sa_family == AF_INET6;
	union address from = *destination, to = *sender;

	address_set_port(&from, 0);
	address_set_port(&to, 0);
	if (fd >= 0 && set_option(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, 1) == 0 &&
	    bind(fd, &from.any, address_len(&from)) == 0)
		(void)sendto(fd, data, len, 0, &to.any, address_len(&to));
}

void uplink_tell_unreachable(int netns, const union address *sender, const union address *destination)
{
	if (sender->any.sa_family == AF_INET) {
		struct quoted_v4 message = {
			.icmp = { .type = ICMP_DEST_UNREACH, .code = ICMP_PORT_UNREACH },
			.ip = {
				.version = 4,
				.ihl = sizeof(struct iphdr) / 4,
				.tot_len = htons(sizeof(struct iphdr) + sizeof(struct udphdr)),
				.ttl = 64,
				.protocol = IPPROTO_UDP,
				.saddr = sender->v4.sin_addr.s_addr,
				.daddr = destination->v4.sin_addr.s_addr,
			},
			.udp = quoted_udp(sender, destination),
		};

		message.icmp.checksum = checksum(&message, sizeof(message));
		send_raw(netns, IPPROTO_ICMP, sender, destination, &message, sizeof(message));
	} else {
		struct quoted_v6 message = {
			.icmp = { .icmp6_type = ICMP6_DST_UNREACH, .icmp6_code = ICMP6_DST_UNREACH_NOPORT },
			.ip = { .ip6_src = sender->v6.sin6_addr, .ip6_dst = destination->v6.sin6_addr },
			.udp = quoted_udp(sender, destination),
		};

		message.ip.ip6_vfc = 6 << 4;
		message.ip.ip6_plen = htons(sizeof(struct udphdr));
		message.ip.ip6_nxt = IPPROTO_UDP;
		/* The kernel computes the checksum of ICMPv6 (RFC 3542 section 3.1). */
		send_raw(netns, IPPROTO_ICMPV6, sender, destination, &message, sizeof(message));
	}
}
