/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A resolver is two sockets made in the container's network namespace before its command runs. A datagram becomes one
 * event, with the address that it came from; the reply names that address again, so nothing is kept in between. Over TCP
 * (RFC 1035 section 4.2.2: two bytes of length before each message) a connection has a number instead, which a reply that
 * comes too late no longer finds.
 *
 * A container can only hurt itself: connections are few, a message is bounded, and who does not read its answers loses the
 * connection.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "address.h"
#include "container.h"
#include "loop.h"
#include "names.h"
#include "netlink.h"
#include "netns.h"
#include "protocol.h"
#include "session.h"

#define MESSAGE_MAX 65535
#define CONNECTIONS_MAX 64
/* A thousand queries at once: the kernel counts about 800 bytes for each. */
#define RECEIVE_BUFFER (4 << 20)
#define SEND_BUFFER (2 * MESSAGE_MAX)
/* Datagrams taken in a row before others get their turn. */
#define BATCH 64

struct connection {
	struct watch watch;
	struct resolver *resolver;
	uint64_t token;
	uint8_t *message;	/* with its two bytes of length */
	size_t got;
	struct connection *next;
};

struct resolver {
	char container[ID_MAX + 1];
	struct in_addr address;
	struct watch datagrams, listener;
	struct connection *connections;
	int connections_n;
	struct resolver *next;
};

static struct resolver *resolvers;
static uint64_t last_token;

static struct resolver **find(const char *container)
{
	struct resolver **at = &resolvers;

	while (*at && strcmp((*at)->container, container) != 0)
		at = &(*at)->next;
	return at;
}

static void connection_close(struct connection *c)
{
	struct connection **at = &c->resolver->connections;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->resolver->connections_n--;
	watch_close(&c->watch);
	free(c->message);
	free(c);
}

static void datagrams_ready(struct watch *watch, uint32_t events)
{
	static uint8_t buffer[MESSAGE_MAX];
	struct resolver *r = container_of(watch, struct resolver, datagrams);

	(void)events;
	for (int i = 0; i < BATCH; i++) {
		struct writer w = { 0 };
		union address from;
		struct slice bytes;
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(watch->fd, buffer, sizeof(buffer), MSG_DONTWAIT, &from.any, &len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;	/* EAGAIN; anything else is an error of an earlier answer, and told once */
		bytes = address_bytes(&from);
		put_text(&w, TAG_ID, r->container);
		put_bytes(&w, TAG_ADDRESS, bytes.data, bytes.len);
		put_u64(&w, TAG_PORT, address_port(&from));
		put_bytes(&w, TAG_DATA, buffer, (size_t)n);
		session_event(MSG_EV_NAME_QUERY, &w);
		writer_free(&w);
	}
}

/* next_message() - Hand over one whole message. Return: false when there is none. */
static bool next_message(struct connection *c)
{
	struct writer w = { 0 };
	size_t len;

	if (c->got < 2)
		return false;
	len = (size_t)c->message[0] << 8 | c->message[1];
	if (c->got < 2 + len)
		return false;
	put_text(&w, TAG_ID, c->resolver->container);
	put_u64(&w, TAG_TOKEN_OUT, c->token);
	put_bytes(&w, TAG_DATA, c->message + 2, len);
	session_event(MSG_EV_NAME_QUERY, &w);
	writer_free(&w);
	c->got -= 2 + len;
	memmove(c->message, c->message + 2 + len, c->got);
	return true;
}

static void connection_ready(struct watch *watch, uint32_t events)
{
	struct connection *c = container_of(watch, struct connection, watch);
	ssize_t n = RETRY(recv(watch->fd, c->message + c->got, 2 + MESSAGE_MAX - c->got, MSG_DONTWAIT));

	(void)events;
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		connection_close(c);
		return;
	}
	c->got += (size_t)n;
	while (next_message(c))
		;
}

static void serve(struct resolver *r, int fd)
{
	struct connection *c = r->connections_n < CONNECTIONS_MAX ? calloc(1, sizeof(*c)) : NULL;
	int size = SEND_BUFFER;

	if (c)
		c->message = malloc(2 + MESSAGE_MAX);
	if (!c || !c->message || setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) < 0) {
		close_fdp(&fd);
		if (c)
			free(c->message);
		free(c);
		return;
	}
	c->watch = (struct watch){ .fd = fd, .ready = connection_ready };
	c->resolver = r;
	c->token = ++last_token;
	c->next = r->connections;
	r->connections = c;
	r->connections_n++;
	if (watch_set(&c->watch, EPOLLIN) < 0)
		connection_close(c);
}

static void listener_ready(struct watch *watch, uint32_t events)
{
	struct resolver *r = container_of(watch, struct resolver, listener);
	int fd;

	(void)events;
	fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		serve(r, fd);
}

/* The address belongs to the loopback interface, which the new container may not have brought up yet. */
static int bound_socket(int netns, int type, const union address *address)
{
	_close_ int fd = netns_socket(netns, address->any.sa_family, type | SOCK_NONBLOCK, 0);
	int on = 1, size = RECEIVE_BUFFER;

	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -1;
	if (type == SOCK_DGRAM && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, &address->any, address_len(address)) < 0 || (type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0))
		return -1;
	return steal_fd(&fd);
}

/* redirect() - Where the port for names is left to a server of the container's. */
static int redirect(int netns, struct slice settings, struct err *e)
{
	struct slice requests;

	if (!find_slice(settings, TAG_DATA, &requests) || netlink_send_in(netns, NETLINK_NETFILTER, requests, e) == 0)
		return 0;
	e->phase = PHASE_NAMES;
	return -1;
}

int names_start(const char *container, int netns, struct slice settings, struct err *e)
{
	struct resolver *r;
	union address address;
	struct slice bytes;
	uint64_t port;

	if (!find_slice(settings, TAG_ADDRESS, &bytes) || bytes.len != 4 || !find_u64(settings, TAG_PORT, &port) || port > UINT16_MAX ||
	    !address_of(bytes, (uint16_t)port, &address))
		return fail(e, EINVAL, "malformed address for names");
	if (redirect(netns, settings, e) < 0)
		return -1;
	r = calloc(1, sizeof(*r));
	if (!r)
		return fail(e, ENOMEM, "names");
	strcpy(r->container, container);
	r->address = address.v4.sin_addr;
	r->datagrams = (struct watch){ .fd = bound_socket(netns, SOCK_DGRAM, &address), .ready = datagrams_ready };
	r->listener = (struct watch){ .fd = -1, .ready = listener_ready };
	if (r->datagrams.fd >= 0)
		r->listener.fd = bound_socket(netns, SOCK_STREAM, &address);
	if (r->listener.fd < 0 || watch_set(&r->datagrams, EPOLLIN) < 0 || watch_set(&r->listener, EPOLLIN) < 0) {
		fail(e, errno, "sockets for names");
		watch_close(&r->datagrams);
		watch_close(&r->listener);
		free(r);
		return -1;
	}
	r->next = resolvers;
	resolvers = r;
	return 0;
}

void names_stop(const char *container)
{
	struct resolver **at = find(container), *r = *at;

	if (!r)
		return;
	*at = r->next;
	while (r->connections)
		connection_close(r->connections);
	watch_close(&r->datagrams);
	watch_close(&r->listener);
	free(r);
}

/*
 * The source is named: a socket that was bound before the loopback interface was up has none of its own, since the kernel
 * took an address that it did not know yet for a broadcast one (__inet_bind()).
 */
static void send_datagram(struct resolver *r, union address *to, struct slice message)
{
	struct in_pktinfo source = { .ipi_spec_dst = r->address };
	union {
		char buffer[CMSG_SPACE(sizeof(source))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec part = { (void *)(uintptr_t)message.data, message.len };
	struct msghdr header = {
		.msg_name = to,
		.msg_namelen = address_len(to),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.buffer,
		.msg_controllen = sizeof(control.buffer),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);

	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(source));
	memcpy(CMSG_DATA(c), &source, sizeof(source));
	/* What does not fit into the receiver's buffer is lost, as datagrams are. */
	(void)RETRY(sendmsg(r->datagrams.fd, &header, MSG_DONTWAIT));
}

static void reply_datagram(struct resolver *r, struct slice body, struct slice message)
{
	struct slice bytes;
	union address to;
	uint64_t port;

	if (find_slice(body, TAG_ADDRESS, &bytes) && bytes.len == 4 && find_u64(body, TAG_PORT, &port) && port <= UINT16_MAX &&
	    address_of(bytes, (uint16_t)port, &to))
		send_datagram(r, &to, message);
}

static void reply_connection(struct resolver *r, uint64_t token, struct slice message)
{
	uint8_t length[2] = { (uint8_t)(message.len >> 8), (uint8_t)message.len };
	struct iovec parts[] = { { length, sizeof(length) }, { (void *)(uintptr_t)message.data, message.len } };
	struct msghdr header = { .msg_iov = parts, .msg_iovlen = ARRAY_SIZE(parts) };

	for (struct connection *c = r->connections; c; c = c->next) {
		if (c->token != token)
			continue;
		if (RETRY(sendmsg(c->watch.fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL)) != (ssize_t)(sizeof(length) + message.len))
			connection_close(c);
		return;
	}
}

int names_handle_reply(uint32_t id, struct slice body, struct err *e)
{
	char container[ID_MAX + 1];
	struct slice message;
	struct resolver *r;
	uint64_t token;

	if (!find_text(body, TAG_ID, container, sizeof(container)) || !find_slice(body, TAG_DATA, &message) || message.len > MESSAGE_MAX)
		return fail(e, EINVAL, "malformed reply");
	r = *find(container);
	if (r && find_u64(body, TAG_TOKEN_OUT, &token))
		reply_connection(r, token, message);
	else if (r)
		reply_datagram(r, body, message);
	session_ok(id, NULL);
	return 0;
}
