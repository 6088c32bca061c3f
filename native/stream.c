/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "loop.h"
#include "stream.h"

#define TOKEN_SIZE 8

/* A connection whose token has not come in full (got < TOKEN_SIZE), or that nobody has asked for yet. */
struct incoming {
	struct watch watch;
	uint8_t token[TOKEN_SIZE];
	size_t got;
	struct incoming *next;
};

static struct watch listener = { .fd = -1 };
static struct incoming *incomings;
static struct stream_want *wants;

static uint64_t token_of(const struct incoming *in)
{
	uint64_t token;

	memcpy(&token, in->token, sizeof(token));
	return token;
}

static void drop(struct incoming *in, int keep_fd)
{
	for (struct incoming **at = &incomings; *at; at = &(*at)->next) {
		if (*at != in)
			continue;
		*at = in->next;
		break;
	}
	if (keep_fd)
		watch_set(&in->watch, 0);
	else
		watch_close(&in->watch);
	free(in);
}

static void hand_over(struct incoming *in, struct stream_want *w)
{
	int fd = in->watch.fd;

	stream_forget(w);
	drop(in, 1);
	w->arrived(w, fd);
}

static void token_ready(struct watch *watch, uint32_t events)
{
	struct incoming *in = container_of(watch, struct incoming, watch);
	ssize_t n = recv(watch->fd, in->token + in->got, TOKEN_SIZE - in->got, MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(in, 0);
		return;
	}
	in->got += (size_t)n;
	if (in->got < TOKEN_SIZE)
		return;
	/* Not a byte more is read here: the rest is the stream's. */
	watch_set(watch, 0);
	for (struct stream_want *w = wants; w; w = w->next) {
		if (w->token != token_of(in))
			continue;
		hand_over(in, w);
		return;
	}
}

static void listener_ready(struct watch *watch, uint32_t events)
{
	(void)events;
	for (;;) {
		struct ucred peer;
		socklen_t len = sizeof(peer);
		struct incoming *in;
		int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		in = calloc(1, sizeof(*in));
		if (!in || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.uid != geteuid()) {
			free(in);
			close(fd);
			continue;
		}
		in->watch = (struct watch){ .fd = fd, .ready = token_ready };
		in->next = incomings;
		incomings = in;
		if (watch_set(&in->watch, EPOLLIN) < 0)
			drop(in, 0);
		else
			token_ready(&in->watch, EPOLLIN);
	}
}

int stream_listen(int dir, struct err *e)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	/* Through the descriptor: a path may be longer than the 108 bytes that an address holds. */
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/stream.sock", dir);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(e, errno, "stream socket");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || fchmodat(dir, "stream.sock", 0600, 0) < 0 || listen(fd, 256) < 0) {
		fail(e, errno, "stream socket");
		close(fd);
		return -1;
	}
	listener = (struct watch){ .fd = fd, .ready = listener_ready };
	return watch_set(&listener, EPOLLIN) < 0 ? fail(e, errno, "epoll") : 0;
}

void stream_claim(struct stream_want *w)
{
	w->next = wants;
	wants = w;
	for (struct incoming *in = incomings; in; in = in->next) {
		if (in->got < TOKEN_SIZE || token_of(in) != w->token)
			continue;
		hand_over(in, w);
		return;
	}
}

void stream_forget(struct stream_want *w)
{
	for (struct stream_want **at = &wants; *at; at = &(*at)->next) {
		if (*at != w)
			continue;
		*at = w->next;
		return;
	}
}

static void refuse(struct stream_want *w, int fd)
{
	close(fd);
	free(w);
}

void stream_refuse(struct stream_want *w)
{
	struct stream_want *at = wants, *refused;

	while (at && at != w)
		at = at->next;
	if (!at)
		return;
	stream_forget(w);
	refused = calloc(1, sizeof(*refused));
	if (!refused)
		return;
	*refused = (struct stream_want){ .token = w->token, .arrived = refuse };
	stream_claim(refused);
}
