/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>

#include "packet.h"

#define HOPS 64
/* Of the transport header: what an error message quotes at least (RFC 792), and what finds the socket. */
#define QUOTED 8

/* ---------------------------------------------------------------- checksums, RFC 1071 */

static uint32_t sum(const void *data, size_t len, uint32_t so_far)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i + 1 < len; i += 2)
		so_far += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	return len % 2 ? so_far + (uint32_t)(bytes[len - 1] << 8) : so_far;
}

static uint16_t folded(uint32_t so_far)
{
	while (so_far >> 16)
		so_far = (so_far & 0xffff) + (so_far >> 16);
	return htons((uint16_t)~so_far);
}

/* Of a transport protocol's message of @len bytes. */
static uint32_t pseudo_header(const struct packet *p, uint8_t protocol, size_t len)
{
	struct slice source = address_bytes(&p->source), destination = address_bytes(&p->destination);

	return sum(destination.data, destination.len, sum(source.data, source.len, (uint32_t)(protocol + len)));
}

static uint16_t transport_checksum(const struct packet *p, uint8_t protocol)
{
	size_t len = p->len - p->ip_len;

	return folded(sum(p->bytes + p->ip_len, len, pseudo_header(p, protocol, len)));
}

/* ---------------------------------------------------------------- reading */

static bool read_v4(struct packet *p)
{
	struct iphdr ip;

	if (p->len < sizeof(ip))
		return false;
	memcpy(&ip, p->bytes, sizeof(ip));
	p->ip_len = ip.ihl * 4u;
	if (p->ip_len < sizeof(ip) || ip.protocol != IPPROTO_TCP || ntohs(ip.tot_len) != p->len)
		return false;
	return address_of((struct slice){ p->bytes + 12, 4 }, 0, &p->source) && address_of((struct slice){ p->bytes + 16, 4 }, 0, &p->destination);
}

/* Extension headers are not looked behind: no kernel puts any before a SYN unless it is told to. */
static bool read_v6(struct packet *p)
{
	struct ip6_hdr ip;

	if (p->len < sizeof(ip))
		return false;
	memcpy(&ip, p->bytes, sizeof(ip));
	p->ip_len = sizeof(ip);
	if (ip.ip6_nxt != IPPROTO_TCP || ntohs(ip.ip6_plen) != p->len - sizeof(ip))
		return false;
	return address_of((struct slice){ p->bytes + 8, 16 }, 0, &p->source) && address_of((struct slice){ p->bytes + 24, 16 }, 0, &p->destination);
}

/* @wanted: the flag that it has, and no other of SYN, RST, FIN and ACK */
static bool read_tcp(struct slice bytes, uint8_t wanted, struct packet *p)
{
	struct tcphdr tcp;
	uint8_t version;

	if (bytes.len == 0 || bytes.len > sizeof(p->bytes))
		return false;
	memcpy(p->bytes, bytes.data, bytes.len);
	p->len = bytes.len;
	version = p->bytes[0] >> 4;
	if (version == 4 ? !read_v4(p) : version == 6 ? !read_v6(p) : true)
		return false;
	if (p->len < p->ip_len + sizeof(tcp))
		return false;
	memcpy(&tcp, p->bytes + p->ip_len, sizeof(tcp));
	if ((tcp.th_flags & (TH_SYN | TH_RST | TH_FIN | TH_ACK)) != wanted)
		return false;
	address_set_port(&p->source, ntohs(tcp.source));
	address_set_port(&p->destination, ntohs(tcp.dest));
	tcp.check = 0;
	memcpy(p->bytes + p->ip_len, &tcp, sizeof(tcp));
	tcp.check = transport_checksum(p, IPPROTO_TCP);
	memcpy(p->bytes + p->ip_len, &tcp, sizeof(tcp));
	return true;
}

bool packet_read_syn(struct slice bytes, struct packet *syn)
{
	return read_tcp(bytes, TH_SYN, syn);
}

bool packet_read_reset(struct slice bytes, struct packet *reset)
{
	return read_tcp(bytes, TH_RST, reset);
}

uint32_t packet_sequence(const struct packet *syn)
{
	struct tcphdr tcp;

	memcpy(&tcp, syn->bytes + syn->ip_len, sizeof(tcp));
	return ntohl(tcp.seq);
}

/* ---------------------------------------------------------------- writing */

/* The IP header for @payload bytes behind it. */
static void begin(struct packet *p, const union address *source, const union address *destination, uint8_t protocol, size_t payload)
{
	*p = (struct packet){ .source = *source, .destination = *destination };
	if (source->any.sa_family == AF_INET) {
		struct iphdr ip = {
			.version = 4,
			.ihl = sizeof(ip) / 4,
			.tot_len = htons((uint16_t)(sizeof(ip) + payload)),
			.ttl = HOPS,
			.protocol = protocol,
			.saddr = source->v4.sin_addr.s_addr,
			.daddr = destination->v4.sin_addr.s_addr,
		};

		ip.check = folded(sum(&ip, sizeof(ip), 0));
		p->ip_len = sizeof(ip);
		memcpy(p->bytes, &ip, sizeof(ip));
	} else {
		struct ip6_hdr ip = { .ip6_src = source->v6.sin6_addr, .ip6_dst = destination->v6.sin6_addr };

		ip.ip6_vfc = 6 << 4;
		ip.ip6_plen = htons((uint16_t)payload);
		ip.ip6_nxt = protocol;
		ip.ip6_hlim = HOPS;
		p->ip_len = sizeof(ip);
		memcpy(p->bytes, &ip, sizeof(ip));
	}
	p->len = p->ip_len + payload;
}

void packet_reset(const struct packet *syn, struct packet *reset)
{
	struct tcphdr asked, tcp = { .doff = sizeof(tcp) / 4, .rst = 1, .ack = 1 };

	begin(reset, &syn->destination, &syn->source, IPPROTO_TCP, sizeof(tcp));
	memcpy(&asked, syn->bytes + syn->ip_len, sizeof(asked));
	tcp.source = asked.dest;
	tcp.dest = asked.source;
	tcp.ack_seq = htonl(ntohl(asked.seq) + 1);
	memcpy(reset->bytes + reset->ip_len, &tcp, sizeof(tcp));
	tcp.check = transport_checksum(reset, IPPROTO_TCP);
	memcpy(reset->bytes + reset->ip_len, &tcp, sizeof(tcp));
}

void packet_udp(const union address *source, const union address *destination, struct slice payload, struct packet *udp)
{
	size_t len = sizeof(struct udphdr) + payload.len;
	struct udphdr header = {
		.source = htons(address_port(source)),
		.dest = htons(address_port(destination)),
		.len = htons((uint16_t)len),
	};
	uint32_t so_far;

	begin(udp, source, destination, IPPROTO_UDP, len);
	udp->len = udp->ip_len + sizeof(header);
	/* Over IPv4 there may be none, and from here the datagram does not leave the machine. */
	if (source->any.sa_family == AF_INET6) {
		so_far = pseudo_header(udp, IPPROTO_UDP, len);
		header.check = folded(sum(payload.data, payload.len, sum(&header, sizeof(header), so_far)));
		if (header.check == 0)
			header.check = 0xffff;
	}
	memcpy(udp->bytes + udp->ip_len, &header, sizeof(header));
}

void packet_fragment(const struct packet *whole, size_t offset, size_t len, bool more, uint32_t id, struct packet *fragment)
{
	*fragment = *whole;
	fragment->len = fragment->ip_len = whole->ip_len;
	if (whole->source.any.sa_family == AF_INET) {
		struct iphdr ip;

		memcpy(&ip, whole->bytes, sizeof(ip));
		ip.tot_len = htons((uint16_t)(sizeof(ip) + len));
		ip.id = htons((uint16_t)id);
		ip.frag_off = htons((uint16_t)(offset / 8 | (more ? IP_MF : 0)));
		memcpy(fragment->bytes, &ip, sizeof(ip));
	} else {
		struct ip6_frag part = { .ip6f_offlg = htons((uint16_t)(offset | more)), .ip6f_ident = htonl(id) };
		struct ip6_hdr ip;

		memcpy(&ip, whole->bytes, sizeof(ip));
		part.ip6f_nxt = ip.ip6_nxt;
		ip.ip6_nxt = IPPROTO_FRAGMENT;
		ip.ip6_plen = htons((uint16_t)(sizeof(part) + len));
		memcpy(fragment->bytes, &ip, sizeof(ip));
		memcpy(fragment->bytes + sizeof(ip), &part, sizeof(part));
		fragment->len += sizeof(part);
	}
}

void packet_unreachable(const struct packet *about, enum unreachable kind, struct packet *message)
{
	static const uint8_t v4_codes[] = { ICMP_NET_UNREACH, ICMP_HOST_UNREACH, ICMP_PORT_UNREACH };
	static const uint8_t v6_codes[] = { ICMP6_DST_UNREACH_NOROUTE, ICMP6_DST_UNREACH_ADDR, ICMP6_DST_UNREACH_NOPORT };
	bool v4 = about->source.any.sa_family == AF_INET;
	struct icmphdr icmp = { .type = v4 ? ICMP_DEST_UNREACH : ICMP6_DST_UNREACH, .code = v4 ? v4_codes[kind] : v6_codes[kind] };
	size_t quoted = about->ip_len + QUOTED;
	uint8_t *at;

	begin(message, &about->destination, &about->source, v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, sizeof(icmp) + quoted);
	at = message->bytes + message->ip_len;
	memcpy(at, &icmp, sizeof(icmp));
	memcpy(at + sizeof(icmp), about->bytes, quoted);
	icmp.checksum = v4 ? folded(sum(at, sizeof(icmp) + quoted, 0)) : transport_checksum(message, IPPROTO_ICMPV6);
	memcpy(at, &icmp, sizeof(icmp));
}
