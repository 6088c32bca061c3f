/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IP packets as bytes: reading those that begin a TCP connection or refuse one, and writing the answers that a router or a host
 * would give.
 * Nothing is trusted of what is read, and nothing is kept.
 */
#ifndef CAISSON_PACKET_H
#define CAISSON_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

/* An IPv6 header, a TCP header with all of its options, and room for what may come with a SYN. */
#define PACKET_MAX 256

struct packet {
	uint8_t bytes[PACKET_MAX];
	size_t len;
	size_t ip_len;		/* of the IP header */
	union address source, destination;
};

enum unreachable { UNREACHABLE_NETWORK, UNREACHABLE_HOST, UNREACHABLE_PORT };

/*
 * packet_read_syn() - A TCP packet with SYN and without ACK. Its checksum is computed anew: what never left this machine has
 * none yet.
 * Return: false for anything else.
 */
bool packet_read_syn(struct slice bytes, struct packet *syn);

/* packet_read_reset() - The same for one with RST and without ACK. */
bool packet_read_reset(struct slice bytes, struct packet *reset);

/* packet_sequence() - The initial sequence number: what tells a new connection between the same ports from a copy of the last. */
uint32_t packet_sequence(const struct packet *syn);

/* packet_reset() - What refuses the connection (RFC 9293 section 3.5.2). */
void packet_reset(const struct packet *syn, struct packet *reset);

/* packet_udp() - The headers of a datagram; @payload belongs behind them. */
void packet_udp(const union address *source, const union address *destination, struct slice payload, struct packet *udp);

/*
 * packet_fragment() - The headers of a part of what is behind an IP header: @len bytes from @offset, a multiple of 8, on.
 * @whole: with that IP header
 * @more: further parts follow
 */
void packet_fragment(const struct packet *whole, size_t offset, size_t len, bool more, uint32_t id, struct packet *fragment);

/* packet_unreachable() - The error message (RFC 792, RFC 4443) about @about, which goes to its source from its destination. */
void packet_unreachable(const struct packet *about, enum unreachable kind, struct packet *message);

#endif
