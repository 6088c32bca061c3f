/* SPDX-License-Identifier: Apache-2.0 */
/* The table of published ports, and the requests about it. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "forward.h"
#include "forward_port.h"
#include "pipe_pool.h"
#include "protocol.h"
#include "session.h"

static struct forward_port *ports;

static int read_host_addresses(struct slice body, uint16_t host_port, struct forward_port *port, struct err *e)
{
	struct reader r = reader_of(body);
	struct field f;

	while (read_field(&r, &f)) {
		if (f.tag != TAG_HOST_IP)
			continue;
		if (port->listeners_n == HOST_ADDRESSES_MAX)
			return fail(e, E2BIG, "more than %d host addresses", HOST_ADDRESSES_MAX);
		if (!address_of(f.value, host_port, &port->listeners[port->listeners_n].address))
			return fail(e, EINVAL, "malformed host address");
		port->listeners[port->listeners_n++].watch.fd = -1;
	}
	if (r.bad || port->listeners_n == 0)
		return fail(e, EINVAL, "no host address to publish on");
	return 0;
}

static int read_port(struct slice body, struct forward_port *port, struct err *e)
{
	uint64_t protocol, number, host_port = 0;
	struct slice bytes;

	if (!find_text(body, TAG_ID, port->backend.container, sizeof(port->backend.container)))
		return fail(e, EINVAL, "a published port needs the id of a container");
	if (find_slice(body, TAG_NETWORK, &bytes) && !slice_text(bytes, port->backend.network, sizeof(port->backend.network)))
		return fail(e, EINVAL, "malformed id of a network");
	if (!find_u64(body, TAG_PROTO, &protocol) || (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP))
		return fail(e, EINVAL, "a published port is tcp or udp");
	if (!find_u64(body, TAG_PORT, &number) || number == 0 || number > UINT16_MAX)
		return fail(e, EINVAL, "malformed port");
	find_u64(body, TAG_HOST_PORT, &host_port);
	if (host_port > UINT16_MAX)
		return fail(e, EINVAL, "malformed host port");
	if (!find_slice(body, TAG_ADDRESS, &bytes) || !address_of(bytes, (uint16_t)number, &port->backend.address))
		return fail(e, EINVAL, "malformed address of the container");
	if (find_slice(body, TAG_SOURCE, &bytes) && (!address_of(bytes, 0, &port->backend.source) ||
						     port->backend.source.any.sa_family != port->backend.address.any.sa_family))
		return fail(e, EINVAL, "malformed source address");
	port->protocol = (uint8_t)protocol;
	return read_host_addresses(body, (uint16_t)host_port, port, e);
}

static int port_start(struct forward_port *port, struct err *e)
{
	return port->protocol == IPPROTO_TCP ? tcp_forward_start(port, e) : udp_forward_start(port, e);
}

static void port_close(struct forward_port *port)
{
	forward_unbind(port);
	if (port->protocol == IPPROTO_TCP)
		tcp_forward_stop(port);
	else
		udp_forward_stop(port);
	free(port);
}

int forward_handle_publish(uint32_t id, struct slice body, struct err *e)
{
	struct forward_port *port = calloc(1, sizeof(*port));
	struct writer w = { 0 };

	if (!port)
		return fail(e, ENOMEM, "publish a port");
	if (read_port(body, port, e) < 0 || forward_bind(port, e) < 0) {
		free(port);
		return -1;
	}
	if (port_start(port, e) < 0) {
		port_close(port);
		return -1;
	}
	port->next = ports;
	ports = port;
	put_u64(&w, TAG_HOST_PORT, address_port(&port->listeners[0].address));
	session_ok(id, &w);
	return 0;
}

int forward_handle_unpublish(uint32_t id, struct slice body, struct err *e)
{
	char container[ID_MAX + 1];

	if (!find_text(body, TAG_ID, container, sizeof(container)))
		return fail(e, EINVAL, "unpublish needs the id of a container");
	forward_close(container);
	session_ok(id, NULL);
	return 0;
}

void forward_close(const char *container)
{
	for (struct forward_port **at = &ports; *at;) {
		struct forward_port *port = *at;

		if (strcmp(port->backend.container, container) != 0) {
			at = &port->next;
			continue;
		}
		*at = port->next;
		port_close(port);
	}
	if (!ports)
		pipe_pool_drain();
}
