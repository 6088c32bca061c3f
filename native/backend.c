/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "backend.h"
#include "err.h"
#include "netns.h"
#include "networks.h"

static int set(int fd, int level, int option)
{
	int on = 1;

	return setsockopt(fd, level, option, &on, sizeof(on));
}

/*
 * Without a port of its own yet: else all connections to whatever service would share one range of 28,000 ports.
 *
 * Not for datagrams: a service bound to the wildcard has its answer's source picked by the route, and the route to another
 * address of the same namespace picks that very address. So it would answer 172.17.0.1 from 172.17.0.1, which our
 * connected socket refuses. Left alone, both ends are the container's address.
 */
static int bind_source(int fd, int type, const union address *source)
{
	if (source->any.sa_family == AF_UNSPEC || type == SOCK_DGRAM)
		return 0;
	if (set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT) < 0)
		return -1;
	return bind(fd, &source->any, address_len(source));
}

int backend_connect(const struct backend *backend, int type, bool *connected)
{
	int netns = container_netns(backend->container);
	_close_ int fd = -1;

	*connected = true;
	/* Asked of the container first: behind a bridge, one that is gone would not refuse but be silent. */
	if (netns >= 0 && backend->network[0])
		netns = network_namespace(backend->network);
	if (netns < 0) {
		errno = ESRCH;
		return -1;
	}
	fd = netns_socket(netns, backend->address.any.sa_family, type | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind_source(fd, type, &backend->source) < 0)
		return -1;
	if (type == SOCK_STREAM && (set(fd, IPPROTO_TCP, TCP_NODELAY) < 0 || set(fd, SOL_SOCKET, SO_OOBINLINE) < 0))
		return -1;
	if (RETRY(connect(fd, &backend->address.any, address_len(&backend->address))) < 0) {
		if (errno != EINPROGRESS)
			return -1;
		*connected = false;
	}
	return steal_fd(&fd);
}
