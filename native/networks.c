/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "netlink.h"
#include "netns.h"
#include "networks.h"
#include "protocol.h"
#include "session.h"

struct network {
	char id[ID_MAX + 1];
	int netns;
	struct network *next;
};

static struct network *networks;

static struct network **find(const char *id)
{
	struct network **at = &networks;

	while (*at && strcmp((*at)->id, id) != 0)
		at = &(*at)->next;
	return at;
}

int network_namespace(const char *id)
{
	struct network *n = *find(id);

	return n ? n->netns : container_netns(id);
}

struct setup {
	struct slice requests;
	struct err *e;
};

static int set_up(void *context)
{
	struct setup *s = context;

	return netlink_send(NETLINK_ROUTE, s->requests, s->e);
}

int networks_handle_create(uint32_t id, struct slice body, struct err *e)
{
	struct setup setup = { .e = e };
	struct network *n = calloc(1, sizeof(*n));

	if (!n)
		return fail(e, ENOMEM, "network");
	n->netns = -1;
	if (!find_text(body, TAG_ID, n->id, sizeof(n->id)) || !n->id[0] || !find_slice(body, TAG_DATA, &setup.requests))
		fail(e, EINVAL, "a network needs an id and requests");
	else if (network_namespace(n->id) >= 0)
		fail(e, EEXIST, "network %.32s", n->id);
	else if ((n->netns = netns_create()) < 0)
		fail(e, errno, "network namespace");
	else if (netns_run(n->netns, set_up, &setup) < 0 && !e->no)
		fail(e, errno, "enter the network namespace");
	if (e->no) {
		close_fdp(&n->netns);
		free(n);
		return -1;
	}
	n->next = networks;
	networks = n;
	session_ok(id, NULL);
	return 0;
}

int networks_handle_remove(uint32_t id, struct slice body, struct err *e)
{
	char name[ID_MAX + 1];
	struct network **at, *n;

	if (!find_text(body, TAG_ID, name, sizeof(name)))
		return fail(e, EINVAL, "network id");
	at = find(name);
	n = *at;
	if (!n)
		return fail(e, ENOENT, "no network %.32s", name);
	*at = n->next;
	close_fdp(&n->netns);
	free(n);
	session_ok(id, NULL);
	return 0;
}
