/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking for published ports, and clients for them.
 */
#ifndef CAISSON_TEST_PUBLISH_H
#define CAISSON_TEST_PUBLISH_H

#include <poll.h>

#include "forward.h"
#include "namespace.h"
#include "protocol.h"
#include "session_stub.h"
#include "turn.h"

static inline void put_address(struct writer *w, uint16_t tag, const char *text)
{
	union address a = address_parse(text, 0);
	struct slice bytes = address_bytes(&a);

	put_bytes(w, tag, bytes.data, bytes.len);
}

/* ask_publish() - On 127.0.0.1 and, if not NULL, @second. Return: as the handler. */
static inline int ask_publish(uint8_t protocol, const char *second, uint16_t host_port, uint16_t port, struct err *e)
{
	struct writer w = { 0 };
	int result;

	session_clear();
	put_text(&w, TAG_ID, CONTAINER);
	put_u64(&w, TAG_PROTO, protocol);
	put_address(&w, TAG_HOST_IP, "127.0.0.1");
	if (second)
		put_address(&w, TAG_HOST_IP, second);
	put_u64(&w, TAG_HOST_PORT, host_port);
	put_address(&w, TAG_ADDRESS, CONTAINER_ADDRESS);
	put_u64(&w, TAG_PORT, port);
	put_address(&w, TAG_SOURCE, GATEWAY_ADDRESS);
	result = forward_handle_publish(1, slice_of(&w), e);
	writer_free(&w);
	return result;
}

/* publish() - Return: the host port. */
static inline uint16_t publish(uint8_t protocol, const char *second, uint16_t port)
{
	struct err e = ERR_INIT;
	uint64_t got;

	if (ask_publish(protocol, second, 0, port, &e) < 0)
		TEST_FAIL("publish: %s: %s", e.text, strerror(e.no));
	CHECK_INT(session.ok_id, 1);
	CHECK(find_u64(slice_of(&session.reply), TAG_HOST_PORT, &got));
	CHECK(got > 0 && got <= UINT16_MAX);
	return (uint16_t)got;
}

/* client() - Non-blocking socket, connected to a port of this host. */
static inline int client(int type, const char *address, uint16_t port)
{
	union address a = address_parse(address, port);
	int fd = socket(a.any.sa_family, type | SOCK_CLOEXEC, 0);

	if (connect(fd, &a.any, address_len(&a)) < 0)
		TEST_FAIL("connect %s:%u: %s", address, port, strerror(errno));
	CHECK_INT(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static inline bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* expect_text() - The next bytes that arrive. */
static inline void expect_text(int fd, const char *expected)
{
	char text[256] = "";
	size_t len = 0;

	while (len < strlen(expected)) {
		ssize_t n;

		EVENTUALLY(readable(fd));
		n = recv(fd, text + len, strlen(expected) - len, 0);
		if (n <= 0)
			TEST_FAIL("recv: %s", n ? strerror(errno) : "end of stream");
		len += (size_t)n;
	}
	CHECK_TEXT(text, expected);
}

static inline void send_text(int fd, const char *text)
{
	CHECK_INT(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static inline void expect_end(int fd)
{
	char byte;

	EVENTUALLY(readable(fd));
	CHECK_INT(recv(fd, &byte, 1, 0), 0);
}

static inline void expect_reset(int fd)
{
	char byte;

	EVENTUALLY(readable(fd));
	CHECK_INT(recv(fd, &byte, 1, 0), -1);
	CHECK_INT(errno, ECONNRESET);
}

#endif
