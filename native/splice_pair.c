/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A pair has two sides, front (accepted from the client) and back (connected to the service), and two directions that
 * know nothing of each other. A pair is
 *
 *   CONNECTING	until the outcome of connect(2) is known: only the back's EPOLLOUT matters, the rest is noted
 *   RELAYING	until both directions have ended; then both sockets are closed
 *
 * and a direction is
 *
 *   IDLE	nothing in hand, the source had nothing more: waits for the source's EPOLLIN
 *   BLOCKED	holds bytes that the sink did not take: waits for the sink's EPOLLOUT and reads nothing meanwhile, which
 *		fills the source's receive window and so slows its peer
 *   DRAINING	the source has ended (EPOLLRDHUP, a read of 0): what is held goes out, then shutdown(SHUT_WR) tells the sink
 *   ENDED	passed on its end, or failed. Where a read fails, nothing can be written to that socket either: the pair is
 *		over. Where a write fails, the other direction goes on until it has read what its source left behind: a
 *		service that answers and then resets the connection must have its answer delivered. Then both are reset.
 *
 * Both sockets are watched edge-triggered for everything, once: no epoll_ctl(2) for the life of the connection, and no
 * wake-up for what is known already. Edges are remembered as `readable` and `writable`, and cleared by EAGAIN.
 *
 * Small messages are copied: recv(2) and send(2) beat two splices, need no pipe, and a short read says that the queue is
 * empty (epoll(7)), which saves asking a second time. A read that fills the buffer is the start of bulk data, and from
 * then on whole pipes are spliced, until one comes nearly empty. A pipe is only filled when it is empty: so EAGAIN can only
 * mean that the socket has nothing, never that the pipe is full.
 *
 * Urgent data stops splice(2) for good, since only recv(2) gets past the mark: after EPOLLPRI a side is copied from.
 * SO_OOBINLINE keeps the byte itself in the stream.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "pipe_pool.h"
#include "splice_pair.h"

#define COPY_SIZE 16384
#define SPLICE_SIZE (1 << 20)
/* Moves of one direction in a row before the others get their turn. */
#define TURN 16

#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET)

void reset_socket(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static void finish(struct splice_pair *pair)
{
	timer_cancel(&pair->again);
	for (int i = 0; i < 2; i++) {
		struct splice_direction *direction = &pair->direction[i];
		struct watch *watch = &pair->side[i].watch;

		if (direction->piped)
			pipe_pool_discard(direction->pipe);
		else
			pipe_pool_give(direction->pipe);
		free(direction->kept);
		direction->kept = NULL;
		if (watch->fd >= 0 && pair->broken) {
			watch_set(watch, 0);
			reset_socket(watch->fd);
			watch->fd = -1;
		}
		watch_close(watch);
	}
	pair->done(pair);
}

static void source_failed(struct splice_pair *pair)
{
	pair->broken = true;
	pair->direction[0].ended = pair->direction[1].ended = true;
}

static void sink_failed(struct splice_pair *pair, struct splice_direction *direction)
{
	pair->broken = true;
	direction->ended = true;
}

/* After a failed read or write. Return: true when it may be tried again at once. */
static bool read_again(struct splice_pair *pair, struct splice_side *from)
{
	if (errno == EAGAIN)
		from->readable = false;
	else if (errno != EINTR)
		source_failed(pair);
	return errno == EINTR;
}

static bool write_again(struct splice_pair *pair, struct splice_direction *direction, struct splice_side *to)
{
	if (errno == EAGAIN)
		to->writable = false;
	else if (errno != EINTR)
		sink_failed(pair, direction);
	return errno == EINTR;
}

static void keep(struct splice_pair *pair, struct splice_direction *direction, const uint8_t *data, size_t len)
{
	direction->kept = malloc(len);
	if (!direction->kept) {
		source_failed(pair);
		return;
	}
	memcpy(direction->kept, data, len);
	direction->kept_at = 0;
	direction->kept_len = len;
}

static bool put_kept(struct splice_pair *pair, struct splice_direction *direction, struct splice_side *to)
{
	ssize_t n = send(to->watch.fd, direction->kept + direction->kept_at, direction->kept_len - direction->kept_at, MSG_NOSIGNAL);

	if (n < 0)
		return write_again(pair, direction, to);
	direction->kept_at += (size_t)n;
	if (direction->kept_at == direction->kept_len) {
		free(direction->kept);
		direction->kept = NULL;
	}
	return true;
}

static bool put_piped(struct splice_pair *pair, struct splice_direction *direction, struct splice_side *to)
{
	ssize_t n = splice(direction->pipe[0], NULL, to->watch.fd, NULL, direction->piped, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n < 0)
		return write_again(pair, direction, to);
	direction->piped -= (size_t)n;
	if (direction->piped == 0 && !direction->bulk)
		pipe_pool_give(direction->pipe);
	return true;
}

static bool take_bulk(struct splice_pair *pair, struct splice_direction *direction, struct splice_side *from)
{
	ssize_t n = splice(from->watch.fd, NULL, direction->pipe[1], NULL, SPLICE_SIZE, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n < 0) {
		/* The burst is over: an idle connection holds no pipe. */
		direction->bulk = false;
		pipe_pool_give(direction->pipe);
		return (errno == EAGAIN && from->urgent) || read_again(pair, from);
	}
	direction->piped = (size_t)n;
	direction->eof = n == 0;
	if (n < COPY_SIZE)
		direction->bulk = false;
	if (n == 0)
		pipe_pool_give(direction->pipe);
	return true;
}

static bool copy(struct splice_pair *pair, struct splice_direction *direction, struct splice_side *from, struct splice_side *to)
{
	static uint8_t buffer[COPY_SIZE];
	ssize_t got = recv(from->watch.fd, buffer, sizeof(buffer), 0), sent;

	if (got < 0)
		return read_again(pair, from);
	if (got == 0) {
		direction->eof = true;
		return true;
	}
	if (got == COPY_SIZE)
		/* Out of descriptors: copying will do. */
		direction->bulk = !from->urgent && pipe_pool_take(direction->pipe) == 0;
	else if (!from->hung_up && !from->urgent)
		from->readable = false;
	sent = RETRY(send(to->watch.fd, buffer, (size_t)got, MSG_NOSIGNAL));
	if (sent == got)
		return true;
	if (sent < 0 && errno != EAGAIN) {
		sink_failed(pair, direction);
		return false;
	}
	keep(pair, direction, buffer + (sent < 0 ? 0 : sent), (size_t)(got - (sent < 0 ? 0 : sent)));
	return !direction->ended;
}

/* Move what can be moved. Return: true when there is more and the turn is over. */
static bool move(struct splice_pair *pair, int i)
{
	struct splice_direction *direction = &pair->direction[i];
	struct splice_side *from = &pair->side[i], *to = &pair->side[!i];
	bool go = !direction->ended;

	for (int turn = 0; go; turn++) {
		if (turn == TURN)
			return true;
		if (direction->kept)
			go = to->writable && put_kept(pair, direction, to);
		else if (direction->piped)
			go = to->writable && put_piped(pair, direction, to);
		else if (direction->eof) {
			/* Fails when the sink is gone already; its own direction finds that out. */
			(void)shutdown(to->watch.fd, SHUT_WR);
			direction->ended = true;
			go = false;
		} else if (!from->readable || !to->writable)
			go = false;
		else if (direction->bulk)
			go = take_bulk(pair, direction, from);
		else
			go = copy(pair, direction, from, to);
	}
	return false;
}

static void relay(struct splice_pair *pair)
{
	bool more = false;

	for (int i = 0; i < 2; i++)
		more |= move(pair, i);
	if (pair->direction[0].ended && pair->direction[1].ended)
		finish(pair);
	else if (more)
		timer_arm(&pair->again, 0);
}

static void relay_again(struct timer *timer)
{
	relay(container_of(timer, struct splice_pair, again));
}

static bool connect_failed(const struct splice_side *back)
{
	socklen_t len = sizeof(int);
	int error = 0;

	return getsockopt(back->watch.fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error;
}

static void side_ready(struct watch *watch, uint32_t events)
{
	struct splice_side *side = container_of(watch, struct splice_side, watch);
	struct splice_pair *pair = side->pair;

	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI))
		side->readable = true;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		side->writable = true;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		side->hung_up = true;
	if (events & EPOLLPRI)
		side->urgent = true;
	if (pair->connecting) {
		if (side != &pair->side[1] || !(events & (EPOLLOUT | EPOLLHUP | EPOLLERR)))
			return;
		if (connect_failed(side)) {
			splice_pair_stop(pair);
			return;
		}
		pair->connecting = false;
	}
	relay(pair);
}

int splice_pair_start(struct splice_pair *pair, int front, int back, bool connected, void (*done)(struct splice_pair *pair))
{
	*pair = (struct splice_pair){
		.side[0] = { .watch = { .fd = front, .ready = side_ready }, .pair = pair },
		.side[1] = { .watch = { .fd = back, .ready = side_ready }, .pair = pair },
		.direction = { { .pipe = PIPE_NONE }, { .pipe = PIPE_NONE } },
		.again.fire = relay_again,
		.connecting = !connected,
		.done = done,
	};
	/* Adding a descriptor reports what is already true of it as the first edge. */
	if (watch_set(&pair->side[0].watch, EVENTS) < 0 || watch_set(&pair->side[1].watch, EVENTS) < 0) {
		int saved = errno;

		splice_pair_stop(pair);
		errno = saved;
		return -1;
	}
	return 0;
}

void splice_pair_stop(struct splice_pair *pair)
{
	pair->broken = true;
	finish(pair);
}
