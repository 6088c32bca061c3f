/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "address.h"

bool address_of(struct slice bytes, uint16_t port, union address *a)
{
	*a = (union address){ 0 };
	if (bytes.len == 4) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(port);
		memcpy(&a->v4.sin_addr, bytes.data, 4);
	} else if (bytes.len == 16) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons(port);
		memcpy(&a->v6.sin6_addr, bytes.data, 16);
	}
	return a->any.sa_family != AF_UNSPEC;
}

socklen_t address_len(const union address *a)
{
	return a->any.sa_family == AF_INET6 ? sizeof(a->v6) : sizeof(a->v4);
}

uint16_t address_port(const union address *a)
{
	return ntohs(a->any.sa_family == AF_INET6 ? a->v6.sin6_port : a->v4.sin_port);
}

void address_set_port(union address *a, uint16_t port)
{
	if (a->any.sa_family == AF_INET6)
		a->v6.sin6_port = htons(port);
	else
		a->v4.sin_port = htons(port);
}

struct slice address_bytes(const union address *a)
{
	if (a->any.sa_family == AF_INET6)
		return (struct slice){ (const uint8_t *)&a->v6.sin6_addr, 16 };
	return (struct slice){ (const uint8_t *)&a->v4.sin_addr, 4 };
}

void address_unmap(union address *a)
{
	uint16_t port = address_port(a);

	if (a->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr)) {
		uint8_t bytes[4];

		memcpy(bytes, &a->v6.sin6_addr.s6_addr[12], sizeof(bytes));
		address_of((struct slice){ bytes, sizeof(bytes) }, port, a);
	}
}

bool address_is_wildcard(const union address *a)
{
	static const uint8_t zero[16];
	struct slice bytes = address_bytes(a);

	return memcmp(bytes.data, zero, bytes.len) == 0;
}

bool address_is_loopback(const union address *a)
{
	if (a->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
	return address_bytes(a).data[0] == IN_LOOPBACKNET;
}

bool address_equal(const union address *a, const union address *b)
{
	struct slice bytes_a = address_bytes(a), bytes_b = address_bytes(b);

	return bytes_a.len == bytes_b.len && memcmp(bytes_a.data, bytes_b.data, bytes_a.len) == 0 &&
	       address_port(a) == address_port(b) &&
	       (a->any.sa_family != AF_INET6 || a->v6.sin6_scope_id == b->v6.sin6_scope_id);
}

const char *address_text(const union address *a, char buffer[ADDRESS_TEXT])
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(a->any.sa_family, address_bytes(a).data, text, sizeof(text));
	snprintf(buffer, ADDRESS_TEXT, a->any.sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, address_port(a));
	return buffer;
}
