/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the settings of an uplink, and as a packet that was captured. What is taken for a packet must lie inside of it,
 * and answers to it must fit.
 */
#include <assert.h>
#include <string.h>

#include "packet.h"
#include "uplink_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void match(struct slice settings)
{
	static const uint8_t bytes[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	struct uplink_rules rules;
	struct err e = ERR_INIT;

	if (uplink_rules_read(settings, &rules, &e) < 0) {
		assert(e.no && !rules.items && !rules.n);
		return;
	}
	for (size_t len = 4; len <= 16; len += 12) {
		struct uplink_targets targets;
		union address a;

		assert(address_of((struct slice){ bytes, len }, 80, &a));
		uplink_rules_match(&rules, &a, &a, &targets);
		assert(targets.n <= UPLINK_TARGETS_MAX);
		for (size_t i = 0; i < targets.n; i++)
			assert(address_port(&targets.items[i]) == 80);
	}
	uplink_rules_free(&rules);
}

static void answer(struct slice bytes)
{
	struct packet syn, out, again;

	if (packet_read_reset(bytes, &out)) {
		assert(out.len == bytes.len && out.ip_len + 20 <= out.len && !packet_read_syn(bytes, &syn));
		return;
	}
	if (!packet_read_syn(bytes, &syn))
		return;
	assert(syn.len == bytes.len && syn.ip_len + 20 <= syn.len);
	packet_reset(&syn, &out);
	assert(out.len <= sizeof(out.bytes) && address_equal(&out.destination, &syn.source));
	for (int kind = UNREACHABLE_NETWORK; kind <= UNREACHABLE_PORT; kind++) {
		packet_unreachable(&syn, (enum unreachable)kind, &out);
		assert(out.len <= sizeof(out.bytes));
	}
	/* What was read is what is sent: it reads the same. */
	assert(packet_read_syn((struct slice){ syn.bytes, syn.len }, &again));
	assert(!memcmp(again.bytes, syn.bytes, syn.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	match((struct slice){ data, size });
	answer((struct slice){ data, size });
	return 0;
}
