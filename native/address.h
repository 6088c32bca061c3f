/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internet addresses: 4 or 16 bytes on the wire, socket addresses in the kernel's calls.
 */
#ifndef CAISSON_ADDRESS_H
#define CAISSON_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "wire.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* address_of() - From 4 or 16 bytes in network order. Return: false for any other length. */
bool address_of(struct slice bytes, uint16_t port, union address *a);

socklen_t address_len(const union address *a);
uint16_t address_port(const union address *a);
void address_set_port(union address *a, uint16_t port);

/* address_bytes() - The 4 or 16 bytes, as a view into @a. */
struct slice address_bytes(const union address *a);

/* address_unmap() - ::ffff:1.2.3.4, as a socket that serves both families says it, becomes 1.2.3.4. */
void address_unmap(union address *a);

bool address_is_wildcard(const union address *a);

/* address_is_loopback() - 127.0.0.0/8 and ::1. */
bool address_is_loopback(const union address *a);

/* address_equal() - Same family, address, port and (for link-local addresses) scope. */
bool address_equal(const union address *a, const union address *b);

/* address_text() - "127.0.0.1:80", "[::1]:80". */
#define ADDRESS_TEXT (INET6_ADDRSTRLEN + 9)
const char *address_text(const union address *a, char buffer[ADDRESS_TEXT]);

#endif
