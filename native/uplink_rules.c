/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "protocol.h"
#include "uplink_rules.h"

#define RULES_MAX 1024

struct uplink_rule {
	union address network;
	unsigned int prefix;		/* bits of it that matter */
	uint16_t port;			/* 0: any */
	union address source;		/* AF_UNSPEC: any */
	bool dial;			/* the destination itself */
	struct uplink_targets targets;	/* the same port there */
};

static int read_targets(struct slice fields, struct uplink_rule *rule, struct err *e)
{
	struct reader r = reader_of(fields);
	struct field f;

	while (read_field(&r, &f)) {
		if (f.tag != TAG_HOST_IP)
			continue;
		if (rule->targets.n == UPLINK_TARGETS_MAX)
			return fail(e, E2BIG, "more than %d targets", UPLINK_TARGETS_MAX);
		if (!address_of(f.value, 0, &rule->targets.items[rule->targets.n++]))
			return fail(e, EINVAL, "malformed target");
	}
	return r.bad ? fail(e, EBADMSG, "malformed rule") : 0;
}

static int read_rule(struct slice fields, struct uplink_rule *rule, struct err *e)
{
	uint64_t prefix, port = 0, flags = 0;
	struct slice bytes;

	if (!find_slice(fields, TAG_ADDRESS, &bytes) || !address_of(bytes, 0, &rule->network))
		return fail(e, EINVAL, "malformed address of a rule");
	if (!find_u64(fields, TAG_PREFIX, &prefix) || prefix > bytes.len * 8)
		return fail(e, EINVAL, "malformed prefix length");
	find_u64(fields, TAG_PORT, &port);
	if (port > UINT16_MAX)
		return fail(e, EINVAL, "malformed port");
	if (find_slice(fields, TAG_SOURCE, &bytes) && !address_of(bytes, 0, &rule->source))
		return fail(e, EINVAL, "malformed source");
	find_u64(fields, TAG_FLAGS, &flags);
	rule->prefix = (unsigned int)prefix;
	rule->port = (uint16_t)port;
	rule->dial = flags & UPLINK_DIAL;
	return read_targets(fields, rule, e);
}

int uplink_rules_read(struct slice settings, struct uplink_rules *rules, struct err *e)
{
	struct reader r = reader_of(settings);
	struct field f;

	*rules = (struct uplink_rules){ 0 };
	while (!e->no && read_field(&r, &f)) {
		struct uplink_rule *items;

		if (f.tag != TAG_RULE)
			continue;
		if (rules->n == RULES_MAX) {
			fail(e, E2BIG, "more than %d rules", RULES_MAX);
			break;
		}
		items = realloc(rules->items, (rules->n + 1) * sizeof(*items));
		if (!items) {
			fail(e, ENOMEM, "rules");
			break;
		}
		rules->items = items;
		items[rules->n] = (struct uplink_rule){ 0 };
		read_rule(f.value, &items[rules->n++], e);
	}
	if (!e->no && r.bad)
		fail(e, EBADMSG, "malformed rules");
	if (!e->no)
		return 0;
	uplink_rules_free(rules);
	return -1;
}

void uplink_rules_free(struct uplink_rules *rules)
{
	free(rules->items);
	*rules = (struct uplink_rules){ 0 };
}

static bool within(const union address *address, const union address *network, unsigned int prefix)
{
	struct slice a = address_bytes(address), b = address_bytes(network);
	unsigned int whole = prefix / 8, rest = prefix % 8;

	if (address->any.sa_family != network->any.sa_family || memcmp(a.data, b.data, whole) != 0)
		return false;
	return rest == 0 || (a.data[whole] ^ b.data[whole]) >> (8 - rest) == 0;
}

static bool fits(const struct uplink_rule *rule, const union address *source, const union address *destination)
{
	if (rule->port && rule->port != address_port(destination))
		return false;
	if (rule->source.any.sa_family != AF_UNSPEC && !within(source, &rule->source, (unsigned int)address_bytes(&rule->source).len * 8))
		return false;
	return within(destination, &rule->network, rule->prefix);
}

void uplink_rules_match(const struct uplink_rules *rules, const union address *source, const union address *destination,
			struct uplink_targets *targets)
{
	const struct uplink_rule *rule = NULL;

	targets->n = 0;
	for (size_t i = 0; i < rules->n && !rule; i++)
		if (fits(&rules->items[i], source, destination))
			rule = &rules->items[i];
	if (!rule)
		return;
	*targets = rule->targets;
	for (size_t i = 0; i < targets->n; i++)
		address_set_port(&targets->items[i], address_port(destination));
	if (rule->dial && targets->n < UPLINK_TARGETS_MAX)
		targets->items[targets->n++] = *destination;
}
