/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the kernel for the sockets of a namespace, sock_diag(7). */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "err.h"
#include "sock_diag.h"

static bool v6only_of(const struct nlmsghdr *header)
{
	const uint8_t *at = (const uint8_t *)NLMSG_DATA(header) + NLMSG_ALIGN(sizeof(struct inet_diag_msg));
	const uint8_t *end = (const uint8_t *)header + header->nlmsg_len;

	while (at + sizeof(struct nlattr) <= end) {
		const struct nlattr *attribute = (const void *)at;

		if (attribute->nla_len < sizeof(*attribute) || attribute->nla_len > end - at)
			break;
		if (attribute->nla_type == INET_DIAG_SKV6ONLY && attribute->nla_len > sizeof(*attribute))
			return at[sizeof(*attribute)];
		at += NLA_ALIGN(attribute->nla_len);
	}
	return false;
}

static void take_socket(const struct nlmsghdr *header, uint8_t protocol, struct socket_list *list)
{
	const struct inet_diag_msg *message = NLMSG_DATA(header);
	struct socket_entry entry = { .protocol = protocol };
	struct slice bytes;

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*message)))
		return;
	bytes = (struct slice){ (const uint8_t *)message->id.idiag_src, message->idiag_family == AF_INET6 ? 16 : 4 };
	address_of(bytes, __builtin_bswap16(message->id.idiag_sport), &entry.address);
	entry.v6only = v6only_of(header);
	socket_list_add(list, &entry);
}

/* Return: 1 at the end of the dump, 0 when more follows, -1 with errno. */
static int take_messages(const uint8_t *data, size_t len, uint8_t protocol, struct socket_list *list)
{
	const struct nlmsghdr *header = (const void *)data;
	const struct nlmsgerr *error;

	for (; NLMSG_OK(header, len); header = NLMSG_NEXT(header, len)) {
		if (header->nlmsg_type == NLMSG_DONE)
			return 1;
		if (header->nlmsg_type == NLMSG_ERROR) {
			error = NLMSG_DATA(header);
			errno = header->nlmsg_len < NLMSG_LENGTH(sizeof(*error)) ? EBADMSG : -error->error;
			return -1;
		}
		if (header->nlmsg_type == SOCK_DIAG_BY_FAMILY)
			take_socket(header, protocol, list);
	}
	return 0;
}

int sock_diag_dump(int fd, uint8_t family, uint8_t protocol, struct socket_list *list)
{
	/* 32 KiB is what the kernel fills at most in one message of a dump. */
	static uint8_t buffer[32768] __attribute__((aligned(8)));
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} ask = {
		.header = {
			.nlmsg_len = sizeof(ask),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.request = {
			.sdiag_family = family,
			.sdiag_protocol = protocol,
			.idiag_states = 1u << (protocol == IPPROTO_TCP ? TCP_LISTEN : TCP_CLOSE),
		},
	};
	ssize_t n;
	int done = 0;

	if (RETRY(send(fd, &ask, sizeof(ask), 0)) < 0)
		return -1;
	while (done == 0) {
		n = RETRY(recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT));
		if (n < 0)
			return -1;
		done = take_messages(buffer, (size_t)n, protocol, list);
	}
	return done < 0 ? -1 : 0;
}
