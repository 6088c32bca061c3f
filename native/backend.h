/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's end of a published port: sockets made inside its network namespace and connected to its service.
 */
#ifndef CAISSON_BACKEND_H
#define CAISSON_BACKEND_H

#include <stdbool.h>

#include "address.h"
#include "container.h"

struct backend {
	char container[ID_MAX + 1];
	char network[ID_MAX + 1];	/* whose namespace connections come from; empty: the container's own */
	union address address;
	union address source;	/* that TCP connections come from; AF_UNSPEC: whatever the kernel picks */
};

/*
 * backend_connect() - Begin to connect to the service.
 * @type: SOCK_STREAM or SOCK_DGRAM
 * @connected: false when the connection is still being made: the socket becomes writable once that is decided
 *
 * Only @address is tried, never the container's loopback: what reaches a published port is exactly what socket_reaches()
 * calls reachable, so a server that listens on loopback alone, or for IPv6 alone behind an IPv4 address, is refused here
 * as it is on Docker.
 *
 * Return: non-blocking socket, or -1 with errno (ESRCH: the container is not running).
 */
int backend_connect(const struct backend *backend, int type, bool *connected);

#endif
