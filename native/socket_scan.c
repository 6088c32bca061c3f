/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "netns.h"
#include "proc_net.h"
#include "sock_diag.h"
#include "socket_scan.h"

static const struct {
	int what;
	uint8_t family, protocol;
	const char *file;
} tables[SCAN_TABLES] = {
	{ SCAN_TCP, AF_INET, IPPROTO_TCP, "tcp" },
	{ SCAN_TCP, AF_INET6, IPPROTO_TCP, "tcp6" },
	{ SCAN_UDP, AF_INET, IPPROTO_UDP, "udp" },
	{ SCAN_UDP, AF_INET6, IPPROTO_UDP, "udp6" },
};

void socket_list_add(struct socket_list *list, const struct socket_entry *entry)
{
	struct socket_entry *items;

	if (list->n == list->cap) {
		size_t cap = list->cap ? 2 * list->cap : 16;

		items = list->failed ? NULL : realloc(list->items, cap * sizeof(*items));
		if (!items) {
			list->failed = true;
			return;
		}
		list->items = items;
		list->cap = cap;
	}
	list->items[list->n++] = *entry;
}

void socket_list_free(struct socket_list *list)
{
	free(list->items);
	*list = (struct socket_list){ 0 };
}

static bool holds(const struct socket_list *list, const struct socket_entry *entry)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].protocol == entry->protocol &&
		    address_equal(&list->items[i].address, &entry->address))
			return true;
	return false;
}

bool socket_list_equal(const struct socket_list *a, const struct socket_list *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!holds(b, &a->items[i]))
			return false;
	for (size_t i = 0; i < b->n; i++)
		if (!holds(a, &b->items[i]))
			return false;
	return true;
}

int scan_open(struct socket_scan *scan, int netns)
{
	*scan = (struct socket_scan)SOCKET_SCAN_INIT;
	scan->netns = fcntl(netns, F_DUPFD_CLOEXEC, 3);
	if (scan->netns < 0)
		return -1;
	/* Failing is fine here: there are files to read instead. */
	scan->diag = netns_socket(netns, AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
	return 0;
}

/* The kernel has no such module, or a seccomp filter around us refuses netlink. */
static bool unsupported(int error)
{
	return error == ENOENT || error == EPERM || error == EACCES || error == EPROTONOSUPPORT || error == EBADF;
}

static int first_scan(struct socket_scan *scan, int i, struct socket_list *list)
{
	if (sock_diag_dump(scan->diag, tables[i].family, tables[i].protocol, list) == 0) {
		scan->source[i] = SCAN_DIAG;
		return 0;
	}
	if (!unsupported(errno))
		return -1;
	scan->file[i] = netns_open(scan->netns, tables[i].file);
	if (scan->file[i] >= 0) {
		scan->source[i] = SCAN_FILE;
		return proc_net_read(scan->file[i], tables[i].protocol, list);
	}
	/* A kernel without IPv6 has no tables for it. */
	if (errno != ENOENT || tables[i].family != AF_INET6)
		return -1;
	scan->source[i] = SCAN_ABSENT;
	return 0;
}

static int scan_table(struct socket_scan *scan, int i, struct socket_list *list)
{
	switch (scan->source[i]) {
	case SCAN_UNKNOWN:
		return first_scan(scan, i, list);
	case SCAN_DIAG:
		return sock_diag_dump(scan->diag, tables[i].family, tables[i].protocol, list);
	case SCAN_FILE:
		return proc_net_read(scan->file[i], tables[i].protocol, list);
	case SCAN_ABSENT:
		break;
	}
	return 0;
}

int scan_sockets(struct socket_scan *scan, int what, struct socket_list *list)
{
	for (int i = 0; i < SCAN_TABLES; i++)
		if ((tables[i].what & what) && scan_table(scan, i, list) < 0)
			return -1;
	if (list->failed) {
		errno = ENOMEM;
		return -1;
	}
	return 0;
}

void scan_close(struct socket_scan *scan)
{
	close_fdp(&scan->netns);
	close_fdp(&scan->diag);
	for (int i = 0; i < SCAN_TABLES; i++)
		close_fdp(&scan->file[i]);
	*scan = (struct socket_scan)SOCKET_SCAN_INIT;
}

bool socket_reaches(const struct socket_entry *entry, const union address *address)
{
	const struct in6_addr *v6 = &entry->address.v6.sin6_addr;
	struct slice bytes = address_bytes(address), own = address_bytes(&entry->address);

	if (address->any.sa_family == entry->address.any.sa_family)
		return address_is_wildcard(&entry->address) || memcmp(own.data, bytes.data, bytes.len) == 0;
	/* Only a socket for IPv6 serves the other family too: on the wildcard, or on a mapped address. */
	if (entry->address.any.sa_family != AF_INET6 || entry->v6only)
		return false;
	return address_is_wildcard(&entry->address) ||
	       (IN6_IS_ADDR_V4MAPPED(v6) && memcmp(v6->s6_addr + 12, bytes.data, 4) == 0);
}
