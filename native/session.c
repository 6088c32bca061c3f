/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dispatch.h"
#include "loop.h"
#include "protocol.h"
#include "session.h"
#include "session_channel.h"

#define HEADER 12
#define READ_STEP (64u << 10)
/* A peer that reads nothing must not make us keep replies without end. */
#define OUTPUT_MAX (64u << 20)

static struct watch channel = { .fd = -1 };
static struct writer input, output;
static size_t output_sent;
static struct waiting *waitings;

static void flush_output(void);

static void end_session(void)
{
	watch_close(&channel);
	loop_stop(0);
}

static void update_events(void)
{
	uint32_t events = EPOLLIN | EPOLLRDHUP | (output_sent < output.len ? EPOLLOUT : 0);

	if (channel.fd >= 0 && watch_set(&channel, events) < 0)
		end_session();
}

static void flush_output(void)
{
	while (channel.fd >= 0 && output_sent < output.len) {
		ssize_t n = send(channel.fd, output.data + output_sent, output.len - output_sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			end_session();
			return;
		}
		if (n < 0)
			break;
		output_sent += (size_t)n;
	}
	if (output_sent == output.len)
		output.len = output_sent = 0;
	update_events();
}

static void send_frame(uint32_t id, uint16_t kind, const struct writer *fields)
{
	size_t len = fields ? fields->len : 0;
	uint32_t words[3] = { (uint32_t)(8 + len), id, kind };

	if (channel.fd < 0)
		return;
	if (output.len + len > OUTPUT_MAX || (fields && fields->failed)) {
		end_session();
		return;
	}
	put_raw(&output, words, HEADER);
	if (fields)
		put_raw(&output, fields->data, len);
	if (output.failed)
		end_session();
	else if (output_sent == 0 || output.len - output_sent == HEADER + len)
		flush_output();
}

void session_ok(uint32_t id, struct writer *fields)
{
	send_frame(id, MSG_OK, fields);
	if (fields)
		writer_free(fields);
}

void session_error(uint32_t id, const struct err *e)
{
	struct writer w = { 0 };

	put_u64(&w, TAG_ERRNO, (uint64_t)e->no);
	put_text(&w, TAG_TEXT, e->text);
	put_u64(&w, TAG_PHASE, (uint64_t)e->phase);
	if (e->op >= 0)
		put_u64(&w, TAG_OP, (uint64_t)e->op);
	if (e->entry[0])
		put_text(&w, TAG_ENTRY, e->entry);
	send_frame(id, MSG_ERROR, &w);
	writer_free(&w);
}

void session_event(uint16_t kind, struct writer *fields)
{
	send_frame(0, kind, fields);
	if (fields)
		writer_free(fields);
}

void waiting_add(struct waiting *w)
{
	w->next = waitings;
	waitings = w;
}

void waiting_remove(struct waiting *w)
{
	for (struct waiting **at = &waitings; *at; at = &(*at)->next) {
		if (*at != w)
			continue;
		*at = w->next;
		return;
	}
}

int session_handle_cancel(uint32_t id, struct slice body, struct err *e)
{
	struct err canceled = ERR_INIT;
	uint64_t request;

	if (!find_u64(body, TAG_REQUEST, &request))
		return fail(e, EINVAL, "cancel without a request");
	for (struct waiting *w = waitings; w; w = w->next) {
		if (w->id != request)
			continue;
		waiting_remove(w);
		w->cancel(w);
		fail(&canceled, ECANCELED, "canceled");
		session_error((uint32_t)request, &canceled);
		break;
	}
	session_ok(id, NULL);
	return 0;
}

static void handle_frame(uint32_t id, uint16_t kind, struct slice body)
{
	static bool greeted;
	struct err e = ERR_INIT;
	handler_fn handler = dispatch_find(kind);

	if (id == 0 || (!greeted && kind != MSG_HELLO)) {
		end_session();
		return;
	}
	greeted = true;
	if (!handler)
		fail(&e, ENOSYS, "unknown request %u", kind);
	if (!handler || handler(id, body, &e) < 0)
		session_error(id, &e);
}

static uint32_t word(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static void take_frames(void)
{
	size_t at = 0;

	while (channel.fd >= 0 && input.len - at >= HEADER) {
		uint32_t len = word(input.data + at);

		if (len < 8 || len > FRAME_MAX) {
			end_session();
			return;
		}
		if (input.len - at < 4 + (size_t)len)
			break;
		handle_frame(word(input.data + at + 4), (uint16_t)word(input.data + at + 8),
			     (struct slice){ input.data + at + HEADER, len - 8 });
		at += 4 + (size_t)len;
	}
	memmove(input.data, input.data + at, input.len - at);
	input.len -= at;
}

static void channel_ready(struct watch *w, uint32_t events)
{
	static uint8_t chunk[READ_STEP];
	ssize_t n;

	if (events & EPOLLOUT)
		flush_output();
	if (channel.fd < 0 || !(events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP | EPOLLERR)))
		return;
	n = recv(w->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end_session();
		return;
	}
	put_raw(&input, chunk, (size_t)n);
	if (input.failed)
		end_session();
	else
		take_frames();
}

int session_open(int fd)
{
	channel.fd = fd;
	channel.ready = channel_ready;
	return watch_set(&channel, EPOLLIN | EPOLLRDHUP);
}
