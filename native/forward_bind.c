/* SPDX-License-Identifier: Apache-2.0 */
/* Getting one port number on several host addresses at once. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "forward_port.h"
#include "tcp_options.h"

/* How often another number is tried when the kernel's choice for the first address is taken on a later one. */
#define ATTEMPTS 64

static int set(int fd, int level, int option)
{
	int on = 1;

	return setsockopt(fd, level, option, &on, sizeof(on));
}

static int set_options(int fd, uint8_t protocol, const union address *a)
{
	/* 127.0.0.1 and ::1, 0.0.0.0 and :: are separate listeners. */
	if (a->any.sa_family == AF_INET6 && set(fd, IPPROTO_IPV6, IPV6_V6ONLY) < 0)
		return -1;
	if (protocol == IPPROTO_UDP) {
		/* A reply must leave from the address that was written to, which a wildcard socket has to be told. */
		if (!address_is_wildcard(a))
			return 0;
		return a->any.sa_family == AF_INET6 ? set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO) : set(fd, IPPROTO_IP, IP_PKTINFO);
	}
	/*
	 * Set here once: accepted sockets inherit it all. What reaches another address may come from afar. A wanted port may
	 * be taken over from connections in TIME_WAIT; not for UDP, where SO_REUSEADDR would share the port with a stranger.
	 */
	if (tcp_relay_options(fd) < 0)
		return -1;
	if (address_is_loopback(a))
		tcp_local_options(fd);
	return address_port(a) == 0 ? 0 : set(fd, SOL_SOCKET, SO_REUSEADDR);
}

static int bind_one(struct forward_listener *listener, uint8_t protocol)
{
	union address *a = &listener->address;
	socklen_t len = sizeof(*a);
	_close_ int fd = -1;

	fd = socket(a->any.sa_family, (protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || set_options(fd, protocol, a) < 0 || bind(fd, &a->any, address_len(a)) < 0)
		return -1;
	/* Two sockets with SO_REUSEADDR may both bind; the second to listen learns that the port is taken. */
	if (protocol == IPPROTO_TCP && listen(fd, SOMAXCONN) < 0)
		return -1;
	if (getsockname(fd, &a->any, &len) < 0)
		return -1;
	listener->watch.fd = steal_fd(&fd);
	return 0;
}

static bool without_ipv6(const union address *a, int error)
{
	return a->any.sa_family == AF_INET6 && (error == EADDRNOTAVAIL || error == EAFNOSUPPORT) &&
	       (address_is_loopback(a) || address_is_wildcard(a));
}

/* Return: 0, or -1 with errno and @failed. */
static int bind_all(struct forward_port *port, uint16_t wanted, union address *failed)
{
	uint16_t number = wanted;

	for (size_t i = 0; i < port->listeners_n; i++) {
		struct forward_listener *listener = &port->listeners[i];

		address_set_port(&listener->address, number);
		if (bind_one(listener, port->protocol) == 0) {
			number = address_port(&listener->address);
			continue;
		}
		*failed = listener->address;
		if (!without_ipv6(failed, errno) || port->listeners_n == 1)
			return -1;
		memmove(listener, listener + 1, (--port->listeners_n - i) * sizeof(*listener));
		i--;
	}
	return 0;
}

void forward_unbind(struct forward_port *port)
{
	int saved = errno;

	for (size_t i = 0; i < port->listeners_n; i++) {
		timer_cancel(&port->listeners[i].pause);
		watch_close(&port->listeners[i].watch);
	}
	errno = saved;
}

int forward_bind(struct forward_port *port, struct err *e)
{
	uint16_t wanted = address_port(&port->listeners[0].address);
	char text[ADDRESS_TEXT];
	union address failed;

	for (int attempt = 1; bind_all(port, wanted, &failed) < 0; attempt++) {
		forward_unbind(port);
		if (errno == EADDRINUSE && wanted == 0 && attempt < ATTEMPTS)
			continue;
		return fail(e, errno, "bind %s/%s", address_text(&failed, text), port->protocol == IPPROTO_TCP ? "tcp" : "udp");
	}
	return 0;
}
