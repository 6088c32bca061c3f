/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows of datagrams: who sends to whom, found by both addresses. Nobody says when a flow is over: it goes when it was
 * silent for a while, or when the table is full and it was silent the longest.
 */
#ifndef CAISSON_FLOW_TABLE_H
#define CAISSON_FLOW_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "loop.h"

#define FLOWS_MAX 1024
#define FLOW_BUCKETS 256

struct flow_key {
	union address client, service;
};

/* Embedded in its owner. */
struct flow {
	struct flow_key key;
	struct flow_table *table;
	struct flow *chain;		/* same bucket */
	struct flow *older, *newer;	/* by last use */
	uint64_t used_us;
};

struct flow_table {
	struct flow *buckets[FLOW_BUCKETS];
	struct flow *oldest, *newest;
	size_t n;
	struct timer idle;
	/* called for a flow that has to go: must call flow_remove(), and frees it */
	void (*close)(struct flow *flow);
};

void flow_table_init(struct flow_table *table, void (*close)(struct flow *flow));

/* flow_table_clear() - Close all of them. */
void flow_table_clear(struct flow_table *table);

/* flow_find() - Return: NULL when there is none. */
struct flow *flow_find(struct flow_table *table, const struct flow_key *key);

/* flow_add() - @flow->key is set. Closes the one that was silent the longest when the table is full. */
void flow_add(struct flow_table *table, struct flow *flow);

/* flow_used() - A datagram went either way. */
void flow_used(struct flow *flow);

void flow_remove(struct flow *flow);

#endif
