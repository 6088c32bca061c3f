/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tcp_options.h"

int tcp_relay_options(int fd)
{
	int on = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		return -1;
	return setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
}

/*
 * Congestion control is for networks; inside one machine nothing is lost or queued. Many hosts default to bbr, whose
 * pacing sends every segment from a timer of its own: more than half of the relay's time. Reno does nothing where nothing
 * is lost, and every kernel has it.
 *
 * Ignored: a host may forbid it to users (net.ipv4.tcp_allowed_congestion_control). Its own choice is slower and works.
 */
void tcp_local_options(int fd)
{
	static const char name[] = "reno";

	(void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, sizeof(name) - 1);
}
