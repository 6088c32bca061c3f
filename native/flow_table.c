/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "flow_table.h"

#define IDLE_US (60 * 1000000ull)

static uint32_t mix(uint32_t hash, const union address *a)
{
	struct slice bytes = address_bytes(a);

	hash = hash * 31 + address_port(a);
	for (size_t i = 0; i < bytes.len; i++)
		hash = hash * 31 + bytes.data[i];
	return hash;
}

static struct flow **bucket_of(struct flow_table *table, const struct flow_key *key)
{
	uint32_t hash = mix(mix(0, &key->service), &key->client);

	return &table->buckets[(hash ^ hash >> 8) % FLOW_BUCKETS];
}

static void unlink_age(struct flow *flow)
{
	*(flow->older ? &flow->older->newer : &flow->table->oldest) = flow->newer;
	*(flow->newer ? &flow->newer->older : &flow->table->newest) = flow->older;
}

static void link_newest(struct flow *flow)
{
	flow->used_us = now_us();
	flow->newer = NULL;
	flow->older = flow->table->newest;
	*(flow->older ? &flow->older->newer : &flow->table->oldest) = flow;
	flow->table->newest = flow;
}

static void expire(struct timer *timer)
{
	struct flow_table *table = container_of(timer, struct flow_table, idle);
	uint64_t now = now_us();

	while (table->oldest && table->oldest->used_us + IDLE_US <= now)
		table->close(table->oldest);
	if (table->oldest)
		timer_arm(timer, table->oldest->used_us + IDLE_US - now);
}

void flow_table_init(struct flow_table *table, void (*close)(struct flow *flow))
{
	*table = (struct flow_table){ .idle.fire = expire, .close = close };
}

void flow_table_clear(struct flow_table *table)
{
	while (table->oldest)
		table->close(table->oldest);
	timer_cancel(&table->idle);
}

struct flow *flow_find(struct flow_table *table, const struct flow_key *key)
{
	struct flow *flow = *bucket_of(table, key);

	while (flow && !(address_equal(&flow->key.client, &key->client) && address_equal(&flow->key.service, &key->service)))
		flow = flow->chain;
	return flow;
}

void flow_add(struct flow_table *table, struct flow *flow)
{
	struct flow **bucket = bucket_of(table, &flow->key);

	if (table->n == FLOWS_MAX)
		table->close(table->oldest);
	flow->table = table;
	flow->chain = *bucket;
	*bucket = flow;
	link_newest(flow);
	table->n++;
	if (!table->idle.due_us)
		timer_arm(&table->idle, IDLE_US);
}

void flow_used(struct flow *flow)
{
	unlink_age(flow);
	link_newest(flow);
}

void flow_remove(struct flow *flow)
{
	struct flow **at = bucket_of(flow->table, &flow->key);

	while (*at != flow)
		at = &(*at)->chain;
	*at = flow->chain;
	unlink_age(flow);
	flow->table->n--;
}
