/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plan.h"
#include "protocol.h"

void plan_init(struct plan *p)
{
	*p = (struct plan){ .root = -1, .status = -1, .target = -1, .terminal = -1 };
	for (size_t i = 0; i < PLAN_SLOTS; i++)
		p->slots[i] = -1;
}

void plan_close(struct plan *p)
{
	for (size_t i = 0; i < PLAN_SLOTS; i++) {
		close_fdp(&p->slots[i]);
		p->slots[i] = -1;
	}
	close_fdp(&p->root);
	close_fdp(&p->terminal);
	p->root = p->terminal = -1;
}

int arg_path(struct slice args, uint16_t tag, char *buffer, struct err *e)
{
	if (!find_text(args, tag, buffer, PATH_SIZE))
		return fail(e, EINVAL, "argument %u", tag);
	return 0;
}

int arg_u64(struct slice args, uint16_t tag, uint64_t *value, struct err *e)
{
	if (!find_u64(args, tag, value))
		return fail(e, EINVAL, "argument %u", tag);
	return 0;
}

uint64_t arg_u64_or(struct slice args, uint16_t tag, uint64_t fallback)
{
	uint64_t value;

	return find_u64(args, tag, &value) ? value : fallback;
}

int arg_slot(struct plan *p, struct slice args, uint16_t tag, int **slot, struct err *e)
{
	uint64_t index;

	if (!find_u64(args, tag, &index) || index >= PLAN_SLOTS)
		return fail(e, EINVAL, "slot argument %u", tag);
	*slot = &p->slots[index];
	return 0;
}

int arg_open_slot(struct plan *p, struct slice args, uint16_t tag, int *fd, struct err *e)
{
	int *slot = NULL;

	if (arg_slot(p, args, tag, &slot, e) < 0)
		return -1;
	if (*slot < 0)
		return fail(e, EBADF, "slot argument %u is empty", tag);
	*fd = *slot;
	return 0;
}

int store_slot(struct plan *p, struct slice args, uint16_t tag, int fd, struct err *e)
{
	int *slot = NULL;

	if (arg_slot(p, args, tag, &slot, e) < 0) {
		close(fd);
		return -1;
	}
	close_fdp(slot);
	*slot = fd;
	return 0;
}

int write_once(int fd, struct slice s)
{
	ssize_t n = RETRY(write(fd, s.data, s.len));

	if (n < 0)
		return -1;
	if ((size_t)n != s.len) {
		errno = ENOSPC;
		return -1;
	}
	return 0;
}

static const struct operation *find_operation(uint16_t code)
{
	static const struct operation *const tables[] = {
		mount_operations, file_operations, volume_operations, copy_operations, namespace_operations, credential_operations, process_operations,
	};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct operation *op = tables[i]; op->code; op++)
			if (op->code == code)
				return op;
	return NULL;
}

static int run_one(struct plan *p, const struct field *f, struct err *e)
{
	const struct operation *op = find_operation(f->tag);
	struct err inner = ERR_INIT;

	if (!op)
		return fail(e, ENOSYS, "operation %u", f->tag);
	if (p->prepare && !op->host)
		return fail(e, EPERM, "%s outside of a container", op->name);
	if (op->run(p, f->value, &inner) == 0)
		return 0;
	fail(e, inner.no, "%s", op->name);
	snprintf(e->text, sizeof(e->text), "%s: %.120s", op->name, inner.text);
	return -1;
}

int plan_run(struct plan *p, struct slice operations, struct err *e)
{
	struct reader r = reader_of(operations);
	struct field f;
	int index = 0;

	for (; read_field(&r, &f); index++) {
		if (run_one(p, &f, e) == 0)
			continue;
		e->op = index;
		e->phase = p->prepare ? PHASE_PREPARE : PHASE_PLAN;
		if (!arg_u64_or(f.value, ARG_OPTIONAL, 0))
			return -1;
		if (p->warn)
			p->warn(p, e);
		*e = (struct err)ERR_INIT;
	}
	if (r.bad) {
		fail(e, EBADMSG, "malformed plan");
		e->op = index;
		return -1;
	}
	return 0;
}
