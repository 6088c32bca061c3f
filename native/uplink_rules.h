/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the outside may be reached from a network namespace, and where it really is: the rules that TypeScript made.
 */
#ifndef CAISSON_UPLINK_RULES_H
#define CAISSON_UPLINK_RULES_H

#include <stddef.h>

#include "address.h"
#include "err.h"
#include "wire.h"

#define UPLINK_TARGETS_MAX 4

/* Addresses to try, one after the other. */
struct uplink_targets {
	union address items[UPLINK_TARGETS_MAX];
	size_t n;
};

struct uplink_rule;

struct uplink_rules {
	struct uplink_rule *items;
	size_t n;
};

/* uplink_rules_read() - Every TAG_RULE of @settings. Return: 0, or -1 with @e and no rules. */
int uplink_rules_read(struct slice settings, struct uplink_rules *rules, struct err *e);

void uplink_rules_free(struct uplink_rules *rules);

/*
 * uplink_rules_match() - The first rule that fits decides. Nothing to try: refused, as what no rule fits is.
 * Neither address is an IPv4 one mapped to IPv6.
 */
void uplink_rules_match(const struct uplink_rules *rules, const union address *source, const union address *destination,
			struct uplink_targets *targets);

#endif
