/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In place of session.c and container.c: keeps what the code under test answered, and knows one container.
 */
#ifndef CAISSON_TEST_SESSION_STUB_H
#define CAISSON_TEST_SESSION_STUB_H

#include "container.h"
#include "container_table.h"
#include "session.h"
#include "test.h"

#define CONTAINER "box"

static struct {
	int netns;		/* of the container; -1: not running */
	uint32_t ok_id;		/* 0: no answer yet */
	uint32_t error_id;
	struct writer reply;
	struct err error;
	int events;
	uint16_t event_kind;
	struct writer event;	/* the last one */
	struct waiting *waiting;
} session = { .netns = -1 };

int container_netns(const char *id)
{
	return strcmp(id, CONTAINER) == 0 ? session.netns : -1;
}

/* Plans of networks may name containers; those of these tests name none. */
struct container *container_by_id(const char *id)
{
	(void)id;
	return NULL;
}

int container_pidfd(const struct container *c)
{
	(void)c;
	return -1;
}

static inline void session_clear(void)
{
	writer_free(&session.reply);
	writer_free(&session.event);
	session.ok_id = session.error_id = 0;
	session.events = 0;
}

static void take(struct writer *to, struct writer *from)
{
	writer_free(to);
	if (from)
		*to = *from;
}

void session_ok(uint32_t id, struct writer *fields)
{
	CHECK_INT(session.ok_id + session.error_id, 0);
	session.ok_id = id;
	take(&session.reply, fields);
}

void session_error(uint32_t id, const struct err *e)
{
	CHECK_INT(session.ok_id + session.error_id, 0);
	session.error_id = id;
	session.error = *e;
}

void session_event(uint16_t kind, struct writer *fields)
{
	session.events++;
	session.event_kind = kind;
	take(&session.event, fields);
}

void waiting_add(struct waiting *w)
{
	w->next = session.waiting;
	session.waiting = w;
}

void waiting_remove(struct waiting *w)
{
	struct waiting **at = &session.waiting;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
}

static inline struct slice slice_of(const struct writer *w)
{
	CHECK(!w->failed);
	return (struct slice){ w->data, w->len };
}

#endif
