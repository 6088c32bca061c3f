/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling Node which connections were refused for want of a rule: somebody will wonder why. A container can cause as many as it
 * likes, so each is told once, and only the first ones.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "protocol.h"
#include "session.h"
#include "uplink_namespace.h"

#define REFUSALS_MAX 64

struct refusals {
	struct flow_key told[REFUSALS_MAX];	/* the client's port is nothing that matters, and 0 */
	size_t n;
};

static bool is_told(const struct refusals *refusals, const struct flow_key *key)
{
	for (size_t i = 0; i < refusals->n; i++)
		if (address_equal(&refusals->told[i].client, &key->client) && address_equal(&refusals->told[i].service, &key->service))
			return true;
	return false;
}

static void tell(const char *id, const struct flow_key *key)
{
	struct slice from = address_bytes(&key->client), to = address_bytes(&key->service);
	struct writer w = { 0 };

	put_text(&w, TAG_ID, id);
	put_bytes(&w, TAG_SOURCE, from.data, from.len);
	put_bytes(&w, TAG_ADDRESS, to.data, to.len);
	put_u64(&w, TAG_PORT, address_port(&key->service));
	session_event(MSG_EV_HOST_REFUSED, &w);
}

static void refused(struct uplink *uplink, struct flow_key key)
{
	if (!uplink->refusals)
		uplink->refusals = calloc(1, sizeof(*uplink->refusals));
	address_set_port(&key.client, 0);
	if (!uplink->refusals || uplink->refusals->n == REFUSALS_MAX || is_told(uplink->refusals, &key))
		return;
	uplink->refusals->told[uplink->refusals->n++] = key;
	tell(uplink->id, &key);
}

void uplink_connection_targets(struct uplink *uplink, const struct flow_key *key, struct uplink_targets *targets)
{
	uplink_rules_match(&uplink->rules, &key->client, &key->service, targets);
	if (targets->n == 0)
		refused(uplink, *key);
}

void uplink_refusals_stop(struct uplink *uplink)
{
	free(uplink->refusals);
}
