/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on credentials: ids, capabilities, no_new_privs, seccomp. Raw system calls on purpose: the C library would
 * broadcast changes of ids to threads, and there are none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "kernel.h"
#include "plan.h"
#include "protocol.h"

static int op_bounding(struct plan *p, struct slice args, struct err *e)
{
	uint64_t keep;

	(void)p;
	if (arg_u64(args, ARG_CAPS, &keep, e) < 0)
		return -1;
	for (unsigned cap = 0; cap < 64; cap++) {
		int present = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (present < 0)
			break;	/* beyond the last one that this kernel knows */
		if (present && !(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return fail(e, errno, "drop capability %u", cap);
	}
	return 0;
}

static int op_keepcaps(struct plan *p, struct slice args, struct err *e)
{
	(void)p;
	if (prctl(PR_SET_KEEPCAPS, (unsigned long)arg_u64_or(args, ARG_VALUE, 1), 0, 0, 0) < 0)
		return fail(e, errno, "PR_SET_KEEPCAPS");
	return 0;
}

static int op_groups(struct plan *p, struct slice args, struct err *e)
{
	struct reader r = reader_of(args);
	_free_ gid_t *list = NULL;
	struct field f;
	uint64_t gid;
	size_t n = 0;

	(void)p;
	list = calloc(args.len / 8 + 1, sizeof(*list));	/* every gid takes more than 8 bytes of arguments */
	if (!list)
		return fail(e, ENOMEM, "groups");
	while (read_field(&r, &f)) {
		if (f.tag != ARG_GID)
			continue;
		if (!field_u64(&f, &gid) || gid > UINT32_MAX - 1)
			return fail(e, EINVAL, "group id");
		list[n++] = (gid_t)gid;
	}
	return syscall(SYS_setgroups, n, list) < 0 ? fail(e, errno, "setgroups") : 0;
}

static int op_setgid(struct plan *p, struct slice args, struct err *e)
{
	uint64_t gid;

	(void)p;
	if (arg_u64(args, ARG_GID, &gid, e) < 0)
		return -1;
	return syscall(SYS_setresgid, (gid_t)gid, (gid_t)gid, (gid_t)gid) < 0 ? fail(e, errno, "gid %llu", (unsigned long long)gid) : 0;
}

static int op_setuid(struct plan *p, struct slice args, struct err *e)
{
	uint64_t uid;

	(void)p;
	if (arg_u64(args, ARG_UID, &uid, e) < 0)
		return -1;
	return syscall(SYS_setresuid, (uid_t)uid, (uid_t)uid, (uid_t)uid) < 0 ? fail(e, errno, "uid %llu", (unsigned long long)uid) : 0;
}

static int op_capset(struct plan *p, struct slice args, struct err *e)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	uint64_t effective, permitted, inheritable;
	struct __user_cap_data_struct data[2];

	(void)p;
	if (arg_u64(args, ARG_EFFECTIVE, &effective, e) < 0 || arg_u64(args, ARG_PERMITTED, &permitted, e) < 0 ||
	    arg_u64(args, ARG_INHERITABLE, &inheritable, e) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(effective >> 32 * i),
			.permitted = (uint32_t)(permitted >> 32 * i),
			.inheritable = (uint32_t)(inheritable >> 32 * i),
		};
	return syscall(SYS_capset, &header, data) < 0 ? fail(e, errno, "capset") : 0;
}

static int op_ambient(struct plan *p, struct slice args, struct err *e)
{
	uint64_t caps;

	(void)p;
	if (arg_u64(args, ARG_CAPS, &caps, e) < 0)
		return -1;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return fail(e, errno, "clear");
	for (unsigned cap = 0; cap < 64; cap++)
		if ((caps >> cap & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return fail(e, errno, "raise capability %u", cap);
	return 0;
}

static int op_no_new_privs(struct plan *p, struct slice args, struct err *e)
{
	(void)p;
	(void)args;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? fail(e, errno, "PR_SET_NO_NEW_PRIVS") : 0;
}

static int op_seccomp(struct plan *p, struct slice args, struct err *e)
{
	struct sock_fprog program;
	struct slice code;

	(void)p;
	if (!find_slice(args, ARG_DATA, &code) || code.len % sizeof(struct sock_filter) || code.len / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return fail(e, EINVAL, "program");
	program.len = (unsigned short)(code.len / sizeof(struct sock_filter));
	program.filter = (struct sock_filter *)(uintptr_t)code.data;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, arg_u64_or(args, ARG_FLAGS, 0), &program) < 0)
		return fail(e, errno, "filter of %u instructions", program.len);
	return 0;
}

const struct operation credential_operations[] = {
	{ OP_BOUNDING, false, "bounding set", op_bounding },
	{ OP_KEEPCAPS, false, "keep capabilities", op_keepcaps },
	{ OP_GROUPS, false, "groups", op_groups },
	{ OP_SETGID, false, "set gid", op_setgid },
	{ OP_SETUID, false, "set uid", op_setuid },
	{ OP_CAPSET, false, "capabilities", op_capset },
	{ OP_AMBIENT, false, "ambient capabilities", op_ambient },
	{ OP_NO_NEW_PRIVS, false, "no_new_privs", op_no_new_privs },
	{ OP_SECCOMP, false, "seccomp", op_seccomp },
	{ 0 },
};
