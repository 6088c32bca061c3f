/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors are values: a function that can fail returns -1 and fills a struct err; nothing is printed and nothing exits
 * until one reporter (a reply, or the status channel of a child) sends it to Node.
 */
#ifndef CAISSON_ERR_H
#define CAISSON_ERR_H

struct err {
	int no;			/* errno */
	int op;			/* index of the plan operation, -1 outside of plans */
	int phase;		/* enum phase */
	char text[160];		/* what was being done, e.g. "openat2 etc/passwd" */
	char entry[256];	/* tar entry at fault, or empty */
};

#define ERR_INIT { .op = -1 }

void err_set(struct err *e, int no, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* fail() - Record a failure; is -1 so that callers can return it in turn, seen by whoever compiles or analyses one file alone. */
#define fail(e, no, ...) ({ err_set(e, no, __VA_ARGS__); -1; })

/* Cleanup attributes: owned resources are released on every return. */
#define _cleanup_(f) __attribute__((cleanup(f)))
void close_fdp(int *fd);
void free_ptr(void *p);
#define _close_ _cleanup_(close_fdp)
#define _free_ _cleanup_(free_ptr)

static inline int steal_fd(int *fd)
{
	int value = *fd;

	*fd = -1;
	return value;
}

#define RETRY(expression) ({ __typeof__(expression) _r; do _r = (expression); while (_r == -1 && errno == EINTR); _r; })
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
