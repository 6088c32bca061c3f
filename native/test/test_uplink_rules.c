/* SPDX-License-Identifier: Apache-2.0 */
/* Which rule decides, and what rules are refused. */
#define _GNU_SOURCE
#include "namespace.h"
#include "protocol.h"
#include "session_stub.h"
#include "uplink_rules.h"

static struct writer settings;

static void put(struct writer *w, uint16_t tag, const char *text)
{
	union address a = address_parse(text, 0);
	struct slice bytes = address_bytes(&a);

	put_bytes(w, tag, bytes.data, bytes.len);
}

/* @target: NULL for none, "" for the destination itself */
static void rule(const char *address, uint64_t prefix, uint64_t port, const char *source, const char *target)
{
	size_t mark = put_begin(&settings, TAG_RULE);

	put(&settings, TAG_ADDRESS, address);
	put_u64(&settings, TAG_PREFIX, prefix);
	if (port)
		put_u64(&settings, TAG_PORT, port);
	if (source)
		put(&settings, TAG_SOURCE, source);
	if (target && !*target)
		put_u64(&settings, TAG_FLAGS, UPLINK_DIAL);
	else if (target)
		put(&settings, TAG_HOST_IP, target);
	put_end(&settings, mark);
}

static void expect(const char *source, const char *destination, uint16_t port, const char *target)
{
	union address from = address_parse(source, 1), to = address_parse(destination, port);
	struct uplink_targets targets;
	struct uplink_rules rules;
	struct err e = ERR_INIT;
	char text[ADDRESS_TEXT];

	CHECK_INT(uplink_rules_read(slice_of(&settings), &rules, &e), 0);
	uplink_rules_match(&rules, &from, &to, &targets);
	CHECK_INT(targets.n, target != NULL);
	if (target)
		CHECK_TEXT(address_text(&targets.items[0], text), target);
	uplink_rules_free(&rules);
}

TEST(the_first_rule_that_fits_decides)
{
	rule("172.17.0.1", 32, 8080, NULL, "127.0.0.1");
	rule("172.17.0.1", 32, 0, NULL, NULL);
	rule("10.0.0.0", 9, 0, "10.9.0.2", "");
	rule("10.0.0.0", 8, 0, NULL, NULL);
	rule("fd00::", 8, 0, NULL, NULL);
	rule("0.0.0.0", 0, 0, NULL, "");
	rule("::", 0, 0, NULL, "");
	expect("172.17.0.2", "172.17.0.1", 8080, "127.0.0.1:8080");
	expect("172.17.0.2", "172.17.0.1", 8081, NULL);
	expect("10.9.0.2", "10.127.255.255", 1, "10.127.255.255:1");
	expect("10.9.0.2", "10.128.0.0", 1, NULL);
	expect("10.9.0.3", "10.1.0.0", 1, NULL);
	expect("10.9.0.3", "11.0.0.0", 1, "11.0.0.0:1");
	expect("::1", "fdff::1", 1, NULL);
	expect("::1", "2001:db8::1", 65535, "[2001:db8::1]:65535");
	writer_free(&settings);
}

TEST(what_no_rule_fits_is_refused)
{
	rule("192.0.2.0", 24, 0, NULL, "");
	expect("172.17.0.2", "192.0.3.1", 80, NULL);
	expect("::1", "2001:db8::1", 80, NULL);
	writer_free(&settings);
	settings = (struct writer){ 0 };
	put_u64(&settings, TAG_PORT, 6);
	expect("172.17.0.2", "192.0.2.1", 80, NULL);
	writer_free(&settings);
}

static void expect_refused(void)
{
	struct uplink_rules rules;
	struct err e = ERR_INIT;

	CHECK_INT(uplink_rules_read(slice_of(&settings), &rules, &e), -1);
	CHECK(e.no != 0);
	CHECK(!rules.items && rules.n == 0);
	writer_free(&settings);
	settings = (struct writer){ 0 };
}

TEST(malformed_rules_are_refused_all_of_them)
{
	size_t mark;

	rule("192.0.2.0", 24, 0, NULL, "");
	rule("192.0.2.0", 33, 0, NULL, "");
	expect_refused();
	rule("2001:db8::", 129, 0, NULL, "");
	expect_refused();
	rule("192.0.2.0", 24, 65536, NULL, "");
	expect_refused();
	mark = put_begin(&settings, TAG_RULE);
	put_u64(&settings, TAG_PREFIX, 0);
	put_end(&settings, mark);
	expect_refused();
	mark = put_begin(&settings, TAG_RULE);
	put_bytes(&settings, TAG_ADDRESS, "12345", 5);
	put_u64(&settings, TAG_PREFIX, 0);
	put_end(&settings, mark);
	expect_refused();
	mark = put_begin(&settings, TAG_RULE);
	put(&settings, TAG_ADDRESS, "192.0.2.0");
	put_u64(&settings, TAG_PREFIX, 24);
	for (int i = 0; i <= UPLINK_TARGETS_MAX; i++)
		put(&settings, TAG_HOST_IP, "127.0.0.1");
	put_end(&settings, mark);
	expect_refused();
	for (int i = 0; i < 1025; i++)
		rule("192.0.2.0", 24, 0, NULL, "");
	expect_refused();
}
