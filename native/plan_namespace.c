/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on namespaces: entering, leaving, naming, and the network of a new one. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "container_table.h"
#include "files.h"
#include "kernel.h"
#include "netlink.h"
#include "networks.h"
#include "plan.h"
#include "procfs.h"
#include "protocol.h"
#include "status.h"

#define LOAD_TRIES 16

static int op_unshare(struct plan *p, struct slice args, struct err *e)
{
	uint64_t flags;

	(void)p;
	if (arg_u64(args, ARG_FLAGS, &flags, e) < 0)
		return -1;
	return unshare((int)flags) < 0 ? fail(e, errno, "namespaces %llx", (unsigned long long)flags) : 0;
}

/* own_namespace() - The network namespace that we are in. */
static int own_namespace(struct err *e)
{
	int fd = openat(procfs(), "thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? fail(e, errno, "own network namespace") : fd;
}

static int named_namespace(struct slice args, struct err *e)
{
	char id[ID_MAX + 1];
	int fd;

	if (!find_text(args, ARG_NAME, id, sizeof(id)))
		return fail(e, EINVAL, "name of a network");
	fd = network_namespace(id);
	return fd < 0 ? fail(e, ENOENT, "no network %.32s", id) : fd;
}

/* map_one() - Write a line of @file that maps @id to the one that we are, or @text. */
static int map_one(const char *file, const char *text, uint64_t id, struct err *e)
{
	char path[64], line[32];
	_close_ int fd = -1;
	int len;

	snprintf(path, sizeof(path), "thread-self/%s", file);
	len = text ? snprintf(line, sizeof(line), "%s", text) : snprintf(line, sizeof(line), "%" PRIu64 " 0 1", id);
	fd = openat(procfs(), path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write_once(fd, (struct slice){ (const uint8_t *)line, (size_t)len }) < 0)
		return fail(e, errno, "%s", file);
	return 0;
}

static int op_single_id(struct plan *p, struct slice args, struct err *e)
{
	uint64_t uid, gid;

	(void)p;
	if (arg_u64(args, ARG_UID, &uid, e) < 0 || arg_u64(args, ARG_GID, &gid, e) < 0)
		return -1;
	if (unshare(CLONE_NEWUSER) < 0)
		return fail(e, errno, "namespace");
	if (map_one("setgroups", "deny", 0, e) < 0 || map_one("gid_map", NULL, gid, e) < 0)
		return -1;
	return map_one("uid_map", NULL, uid, e);
}

static int op_setns(struct plan *p, struct slice args, struct err *e)
{
	struct slice name;
	uint64_t flags;

	if (find_slice(args, ARG_NAME, &name)) {
		int fd = named_namespace(args, e);

		return fd < 0 ? -1 : setns(fd, CLONE_NEWNET) < 0 ? fail(e, errno, "network namespace") : 0;
	}
	if (arg_u64(args, ARG_FLAGS, &flags, e) < 0)
		return -1;
	if (p->target < 0)
		return fail(e, EBADF, "no container to join");
	return setns(p->target, (int)flags) < 0 ? fail(e, errno, "namespaces %llx", (unsigned long long)flags) : 0;
}

static int op_join(struct plan *p, struct slice args, struct err *e)
{
	struct container *c;
	char id[ID_MAX + 1];
	uint64_t flags;
	int pidfd;

	(void)p;
	if (!find_text(args, ARG_NAME, id, sizeof(id)))
		return fail(e, EINVAL, "container id");
	if (arg_u64(args, ARG_FLAGS, &flags, e) < 0)
		return -1;
	c = container_by_id(id);
	pidfd = c ? container_pidfd(c) : -1;
	if (pidfd < 0)
		return fail(e, ESRCH, "container %.32s is not running", id);
	return setns(pidfd, (int)flags) < 0 ? fail(e, errno, "namespaces %llx", (unsigned long long)flags) : 0;
}

static int op_hostname(struct plan *p, struct slice args, struct err *e)
{
	struct slice name;

	(void)p;
	if (!find_slice(args, ARG_DATA, &name))
		return fail(e, EINVAL, "name");
	return sethostname((const char *)name.data, name.len) < 0 ? fail(e, errno, "sethostname") : 0;
}

static int op_domainname(struct plan *p, struct slice args, struct err *e)
{
	struct slice name;

	(void)p;
	if (!find_slice(args, ARG_DATA, &name))
		return fail(e, EINVAL, "name");
	return setdomainname((const char *)name.data, name.len) < 0 ? fail(e, errno, "setdomainname") : 0;
}

/* Writes @fd to each place that ARG_OFFSET names. */
static int put_descriptor(struct slice args, int fd, uint8_t *requests, size_t len, struct err *e)
{
	struct reader r = reader_of(args);
	struct field f;
	uint64_t offset;

	while (read_field(&r, &f)) {
		if (f.tag != ARG_OFFSET)
			continue;
		if (!field_u64(&f, &offset) || len < sizeof(fd) || offset > len - sizeof(fd))
			return fail(e, EINVAL, "offset");
		memcpy(requests + offset, &fd, sizeof(fd));
	}
	return 0;
}

static int op_netlink(struct plan *p, struct slice args, struct err *e)
{
	int protocol = (int)arg_u64_or(args, ARG_VALUE, NETLINK_ROUTE), there, r;
	struct slice blob, name;
	_free_ void *copy = NULL;
	_close_ int own = -1;

	(void)p;
	if (!find_slice(args, ARG_DATA, &blob))
		return fail(e, EINVAL, "requests");
	if (!find_slice(args, ARG_NAME, &name))
		return netlink_send(protocol, blob, e);
	copy = malloc(blob.len);
	if (!copy)
		return fail(e, ENOMEM, "requests");
	memcpy(copy, blob.data, blob.len);
	own = own_namespace(e);
	there = own < 0 ? -1 : named_namespace(args, e);
	if (there < 0 || put_descriptor(args, own, copy, blob.len, e) < 0)
		return -1;
	if (setns(there, CLONE_NEWNET) < 0)
		return fail(e, errno, "enter the network");
	r = netlink_send(protocol, (struct slice){ copy, blob.len }, e);
	if (setns(own, CLONE_NEWNET) < 0)
		return fail(e, errno, "leave the network");
	return r;
}

static int op_await(struct plan *p, struct slice args, struct err *e)
{
	(void)args;
	return status_await(p->status) < 0 ? fail(e, errno, "supervisor") : 0;
}

/* The verifier gives up with EAGAIN where a signal is pending: SIGCHLD of another container is enough (bpf_check). */
static int load_program(union bpf_attr *attr)
{
	int program, tries = LOAD_TRIES;

	do
		program = (int)syscall(SYS_bpf, BPF_PROG_LOAD, attr, sizeof(*attr));
	while (program < 0 && errno == EAGAIN && --tries > 0);
	return program;
}

/* The program that decides on device access; it stays attached for as long as the cgroup lives. */
static int op_bpf_device(struct plan *p, struct slice args, struct err *e)
{
	_close_ int cgroup = -1, program = -1;
	char path[PATH_SIZE];
	struct slice code;
	union bpf_attr attr = { 0 };

	(void)p;
	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	if (!find_slice(args, ARG_DATA, &code) || code.len % sizeof(struct bpf_insn))
		return fail(e, EINVAL, "program");
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)code.data;
	attr.insn_cnt = (uint32_t)(code.len / sizeof(struct bpf_insn));
	attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
	program = load_program(&attr);
	if (program < 0)
		return fail(e, errno, "load");
	cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		return fail(e, errno, "%s", path);
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)) < 0)
		return fail(e, errno, "attach to %s", path);
	return 0;
}

const struct operation namespace_operations[] = {
	{ OP_UNSHARE, false, "unshare", op_unshare },
	{ OP_SINGLE_ID, false, "user namespace of one id", op_single_id },
	{ OP_SETNS, false, "setns", op_setns },
	{ OP_JOIN, false, "join", op_join },
	{ OP_HOSTNAME, false, "hostname", op_hostname },
	{ OP_DOMAINNAME, false, "domainname", op_domainname },
	{ OP_NETLINK, false, "netlink", op_netlink },
	{ OP_AWAIT, false, "await", op_await },
	{ OP_BPF_DEVICE, true, "device rules", op_bpf_device },
	{ 0 },
};
