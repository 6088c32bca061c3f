/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on namespaces: entering, leaving, naming, and the network of a new one. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel.h"
#include "plan.h"
#include "protocol.h"

static int op_unshare(struct plan *p, struct slice args, struct err *e)
{
	uint64_t flags;

	(void)p;
	if (arg_u64(args, ARG_FLAGS, &flags, e) < 0)
		return -1;
	return unshare((int)flags) < 0 ? fail(e, errno, "namespaces %llx", (unsigned long long)flags) : 0;
}

static int op_setns(struct plan *p, struct slice args, struct err *e)
{
	uint64_t flags;

	if (arg_u64(args, ARG_FLAGS, &flags, e) < 0)
		return -1;
	if (p->target < 0)
		return fail(e, EBADF, "no container to join");
	return setns(p->target, (int)flags) < 0 ? fail(e, errno, "namespaces %llx", (unsigned long long)flags) : 0;
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

/* count_requests() - How many acknowledgements to expect. Return: -1 when the blob is not a sequence of messages. */
static int count_requests(struct slice blob)
{
	int count = 0;

	while (blob.len > 0) {
		struct nlmsghdr header;
		size_t step;

		if (blob.len < sizeof(header))
			return -1;
		memcpy(&header, blob.data, sizeof(header));
		step = NLMSG_ALIGN(header.nlmsg_len);
		if (header.nlmsg_len < sizeof(header) || step > blob.len || !(header.nlmsg_flags & NLM_F_ACK))
			return -1;
		blob.data += step;
		blob.len -= step;
		count++;
	}
	return count;
}

static int op_netlink(struct plan *p, struct slice args, struct err *e)
{
	_close_ int fd = -1;
	struct slice blob;
	char buffer[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	int expected, done = 0;

	(void)p;
	if (!find_slice(args, ARG_DATA, &blob) || (expected = count_requests(blob)) < 0)
		return fail(e, EBADMSG, "malformed requests");
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return fail(e, errno, "socket");
	if (RETRY(send(fd, blob.data, blob.len, 0)) < 0)
		return fail(e, errno, "send");
	while (done < expected) {
		ssize_t n = RETRY(recv(fd, buffer, sizeof(buffer), 0));

		if (n < 0)
			return fail(e, errno, "receive");
		for (struct nlmsghdr *h = (void *)buffer; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
			struct nlmsgerr *answer = NLMSG_DATA(h);

			if (h->nlmsg_type != NLMSG_ERROR)
				continue;
			if (answer->error)
				return fail(e, -answer->error, "request %d", done);
			done++;
		}
	}
	return 0;
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
	program = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
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
	{ OP_SETNS, false, "setns", op_setns },
	{ OP_HOSTNAME, false, "hostname", op_hostname },
	{ OP_DOMAINNAME, false, "domainname", op_domainname },
	{ OP_NETLINK, false, "netlink", op_netlink },
	{ OP_BPF_DEVICE, true, "device rules", op_bpf_device },
	{ 0 },
};
