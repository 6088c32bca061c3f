/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel announces no listen(2), so a wait has to look again and again: often at first, since most servers come up
 * within milliseconds, then less often. A look costs a few microseconds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "container.h"
#include "listening.h"
#include "loop.h"
#include "protocol.h"
#include "session.h"
#include "socket_scan.h"

#define WANTED_MAX 64
#define ADDRESSES_MAX 8
#define REPORT_CHANGES 1

struct wanted {
	uint8_t protocol;
	uint16_t port;
};

struct wait {
	struct waiting waiting;
	struct timer timer;
	struct socket_scan scan;
	struct wait *next;
	char container[ID_MAX + 1];
	struct wanted wanted[WANTED_MAX];
	size_t wanted_n;
	union address addresses[ADDRESSES_MAX];	/* of the container; none: any listener will do */
	size_t addresses_n;
	int what;
	bool report;
	bool reported;
	struct socket_list last;		/* as reported */
	uint64_t started_us;
};

static struct wait *waits;
static size_t waits_n;

static void put_sockets(struct writer *w, const struct socket_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct slice bytes = address_bytes(&list->items[i].address);
		size_t mark = put_begin(w, TAG_SOCKET);

		put_u64(w, TAG_PROTO, list->items[i].protocol);
		put_bytes(w, TAG_ADDRESS, bytes.data, bytes.len);
		put_u64(w, TAG_PORT, address_port(&list->items[i].address));
		put_end(w, mark);
	}
}

static int scan_netns(struct slice body, char container[ID_MAX + 1], struct socket_scan *scan, struct err *e)
{
	int netns;

	if (!find_text(body, TAG_ID, container, ID_MAX + 1))
		return fail(e, EINVAL, "a request about listening sockets needs the id of a container");
	netns = container_netns(container);
	if (netns < 0)
		return fail(e, ESRCH, "container is not running");
	if (scan_open(scan, netns) < 0)
		return fail(e, errno, "open the socket tables of the container");
	return 0;
}

int listening_handle_list(uint32_t id, struct slice body, struct err *e)
{
	_cleanup_(scan_close) struct socket_scan scan = SOCKET_SCAN_INIT;
	_cleanup_(socket_list_free) struct socket_list list = { 0 };
	char container[ID_MAX + 1];
	struct writer w = { 0 };

	if (scan_netns(body, container, &scan, e) < 0)
		return -1;
	if (scan_sockets(&scan, SCAN_TCP | SCAN_UDP, &list) < 0)
		return fail(e, errno, "read the socket tables of the container");
	put_sockets(&w, &list);
	session_ok(id, &w);
	return 0;
}

static void release(struct wait *wait)
{
	for (struct wait **at = &waits; *at; at = &(*at)->next) {
		if (*at != wait)
			continue;
		*at = wait->next;
		waits_n--;
		break;
	}
	timer_cancel(&wait->timer);
	scan_close(&wait->scan);
	socket_list_free(&wait->last);
	free(wait);
}

static void wait_cancel(struct waiting *waiting)
{
	release(container_of(waiting, struct wait, waiting));
}

static void end_with_error(struct wait *wait, int no, const char *text)
{
	struct err e = ERR_INIT;

	fail(&e, no, "%s", text);
	session_error(wait->waiting.id, &e);
	waiting_remove(&wait->waiting);
	release(wait);
}

static bool entry_satisfies(const struct wait *wait, const struct socket_entry *entry, const struct wanted *wanted)
{
	if (entry->protocol != wanted->protocol || address_port(&entry->address) != wanted->port)
		return false;
	for (size_t i = 0; i < wait->addresses_n; i++)
		if (socket_reaches(entry, &wait->addresses[i]))
			return true;
	return wait->addresses_n == 0;
}

static bool satisfied(const struct wait *wait, const struct socket_list *list)
{
	for (size_t i = 0; i < wait->wanted_n; i++) {
		size_t at = 0;

		while (at < list->n && !entry_satisfies(wait, &list->items[at], &wait->wanted[i]))
			at++;
		if (at == list->n)
			return false;
	}
	return true;
}

static void report_change(struct wait *wait, struct socket_list *list)
{
	struct writer w = { 0 };

	if (wait->reported && socket_list_equal(list, &wait->last))
		return;
	wait->reported = true;
	socket_list_free(&wait->last);
	wait->last = *list;
	*list = (struct socket_list){ 0 };
	put_u64(&w, TAG_REQUEST, wait->waiting.id);
	put_sockets(&w, &wait->last);
	session_event(MSG_EV_LISTENING, &w);
}

/* The more wait at once, the less often each looks, so that all of them together leave the processor to the containers. */
static uint64_t next_look_us(const struct wait *wait)
{
	uint64_t waited = now_us() - wait->started_us;
	uint64_t step = waited < 30000 ? 300 : waited < 300000 ? 1000 : waited < 3000000 ? 5000 : 10000;
	uint64_t shared = step * ((waits_n + 3) / 4);

	return shared < 10000 ? shared : 10000;
}

static void look(struct wait *wait)
{
	_cleanup_(socket_list_free) struct socket_list list = { 0 };
	struct writer w = { 0 };

	if (scan_sockets(&wait->scan, wait->what, &list) < 0) {
		end_with_error(wait, errno, "read the socket tables of the container");
		return;
	}
	if (satisfied(wait, &list)) {
		put_sockets(&w, &list);
		session_ok(wait->waiting.id, &w);
		waiting_remove(&wait->waiting);
		release(wait);
		return;
	}
	if (wait->report)
		report_change(wait, &list);
	timer_arm(&wait->timer, next_look_us(wait));
}

static void look_again(struct timer *timer)
{
	look(container_of(timer, struct wait, timer));
}

static int read_wanted(struct slice value, struct wait *wait, struct err *e)
{
	uint64_t protocol, port;

	if (wait->wanted_n == WANTED_MAX)
		return fail(e, E2BIG, "more than %d ports to wait for", WANTED_MAX);
	if (!find_u64(value, TAG_PROTO, &protocol) || (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) ||
	    !find_u64(value, TAG_PORT, &port) || port == 0 || port > UINT16_MAX)
		return fail(e, EINVAL, "malformed port to wait for");
	wait->wanted[wait->wanted_n++] = (struct wanted){ (uint8_t)protocol, (uint16_t)port };
	wait->what |= protocol == IPPROTO_TCP ? SCAN_TCP : SCAN_UDP;
	return 0;
}

static int read_wait(struct slice body, struct wait *wait, struct err *e)
{
	struct reader r = reader_of(body);
	uint64_t flags = 0;
	struct field f;

	while (read_field(&r, &f)) {
		if (f.tag == TAG_WANTED && read_wanted(f.value, wait, e) < 0)
			return -1;
		if (f.tag != TAG_ADDRESS)
			continue;
		if (wait->addresses_n == ADDRESSES_MAX || !address_of(f.value, 0, &wait->addresses[wait->addresses_n]))
			return fail(e, EINVAL, "malformed address of the container");
		wait->addresses_n++;
	}
	if (r.bad || wait->wanted_n == 0)
		return fail(e, EINVAL, "no ports to wait for");
	find_u64(body, TAG_FLAGS, &flags);
	wait->report = flags & REPORT_CHANGES;
	/* Who is told of changes wants to see what listens instead of the expected. */
	if (wait->report)
		wait->what = SCAN_TCP | SCAN_UDP;
	return 0;
}

int listening_handle_wait(uint32_t id, struct slice body, struct err *e)
{
	_free_ struct wait *fresh = calloc(1, sizeof(*fresh));
	struct wait *wait = fresh;

	if (!wait)
		return fail(e, ENOMEM, "wait for listening sockets");
	if (read_wait(body, wait, e) < 0 || scan_netns(body, wait->container, &wait->scan, e) < 0)
		return -1;
	fresh = NULL;
	wait->waiting = (struct waiting){ .id = id, .cancel = wait_cancel };
	wait->timer.fire = look_again;
	wait->started_us = now_us();
	wait->next = waits;
	waits = wait;
	waits_n++;
	waiting_add(&wait->waiting);
	look(wait);
	return 0;
}

void listening_container_gone(const char *container)
{
	struct wait *next;

	for (struct wait *wait = waits; wait; wait = next) {
		next = wait->next;
		if (strcmp(wait->container, container) == 0)
			end_with_error(wait, ESRCH, "container is not running");
	}
}
