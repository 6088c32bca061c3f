/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test harness: TEST(name) { ... } registers itself, CHECK_* end the program at the first failure and say where.
 * Included once by each test program; it brings main().
 */
#ifndef CAISSON_TEST_H
#define CAISSON_TEST_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};

static struct test *tests, **tests_end = &tests;

#define TEST(title)                                                                                     \
	static void title(void);                                                                        \
	static struct test test_##title = { .name = #title, .run = title };                             \
	static void __attribute__((constructor)) register_##title(void)                                 \
	{                                                                                               \
		*tests_end = &test_##title;                                                             \
		tests_end = &test_##title.next;                                                         \
	}                                                                                               \
	static void title(void)

#define TEST_FAIL(...)                                                                                  \
	do {                                                                                            \
		fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                         \
		fprintf(stderr, __VA_ARGS__);                                                           \
		fputc('\n', stderr);                                                                    \
		abort();                                                                                \
	} while (0)

#define CHECK(condition)                                                                                \
	do {                                                                                            \
		if (!(condition))                                                                       \
			TEST_FAIL("%s is false", #condition);                                           \
	} while (0)

#define CHECK_INT(actual, expected)                                                                     \
	do {                                                                                            \
		long long _a = (long long)(actual), _e = (long long)(expected);                         \
		if (_a != _e)                                                                           \
			TEST_FAIL("%s is %lld, not %lld", #actual, _a, _e);                             \
	} while (0)

#define CHECK_TEXT(actual, expected)                                                                    \
	do {                                                                                            \
		const char *_a = (actual), *_e = (expected);                                            \
		if (strcmp(_a, _e) != 0)                                                                \
			TEST_FAIL("%s is \"%s\", not \"%s\"", #actual, _a, _e);                         \
	} while (0)

/* open_descriptors() - How many this process has, to see that none is lost. */
static inline int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	CHECK(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	/* Not counted: ".", ".." and the directory itself. */
	return n - 3;
}

int main(int argc, char **argv)
{
	int n = 0;

	for (struct test *t = tests; t; t = t->next) {
		/* One argument: only the tests whose name contains it. */
		if (argc > 1 && !strstr(t->name, argv[1]))
			continue;
		fprintf(stderr, "%s: %s\n", argv[0], t->name);
		t->run();
		n++;
	}
	fprintf(stderr, "%s: %d passed\n", argv[0], n);
	return n > 0 ? 0 : 1;
}

#endif
