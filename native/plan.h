/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a plan: the operations of protocol.h, in order, in the process that calls. What they mean stands there; why a
 * plan holds what it holds is decided in TypeScript.
 */
#ifndef CAISSON_PLAN_H
#define CAISSON_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "wire.h"

#define PLAN_SLOTS 64

struct plan {
	bool prepare;		/* run by the supervisor itself: host operations only */
	int slots[PLAN_SLOTS];
	int root;		/* O_PATH, -1 before OP_ROOT */
	int status;		/* to the supervisor: warnings, the terminal; -1 when nobody listens */
	int target;		/* pidfd of the container that OP_SETNS joins */
	int terminal;		/* slave of OP_PTY */
	/* called for a failed optional operation; may be NULL */
	void (*warn)(struct plan *p, const struct err *e);
	void *context;
};

void plan_init(struct plan *p);

/* plan_run() - Return: 0 (never after OP_EXEC), or -1 with @e, whose op is the index of the operation that failed. */
int plan_run(struct plan *p, struct slice operations, struct err *e);

/* plan_close() - Close the descriptors that the plan opened. */
void plan_close(struct plan *p);

/* One operation; each reads its own arguments. */
typedef int (*operation_fn)(struct plan *p, struct slice args, struct err *e);

struct operation {
	uint16_t code;
	bool host;		/* allowed in PREPARE */
	const char *name;
	operation_fn run;
};

/* The operations of each file, ended by a code of 0. */
extern const struct operation mount_operations[];
extern const struct operation file_operations[];
extern const struct operation volume_operations[];
extern const struct operation copy_operations[];
extern const struct operation namespace_operations[];
extern const struct operation credential_operations[];
extern const struct operation process_operations[];

/* Arguments. Missing or malformed ones fail with EINVAL, naming the argument. */
#define PATH_SIZE 4096
int arg_path(struct slice args, uint16_t tag, char *buffer, struct err *e);
int arg_u64(struct slice args, uint16_t tag, uint64_t *value, struct err *e);
uint64_t arg_u64_or(struct slice args, uint16_t tag, uint64_t fallback);
int arg_slot(struct plan *p, struct slice args, uint16_t tag, int **slot, struct err *e);
int arg_open_slot(struct plan *p, struct slice args, uint16_t tag, int *fd, struct err *e);

/* store_slot() - Put @fd, which it takes over, into the slot that @tag names. Return: 0, or -1 with @e. */
int store_slot(struct plan *p, struct slice args, uint16_t tag, int fd, struct err *e);

/* write_once() - One write(2) of all of @s. Return: 0, or -1 with errno. */
int write_once(int fd, struct slice s);

#endif
