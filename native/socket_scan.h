/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets of a network namespace that wait for peers: TCP sockets that listen, UDP sockets that are bound and not
 * connected.
 *
 * Asked by sock_diag(7): it visits the table of listeners only. /proc/net/tcp goes on to walk the hash table of
 * established connections, which is one for the whole machine whatever the namespace, and takes milliseconds on a large
 * one; it serves where the kernel has no inet_diag.
 */
#ifndef CAISSON_SOCKET_SCAN_H
#define CAISSON_SOCKET_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

struct socket_entry {
	uint8_t protocol;	/* IPPROTO_TCP or IPPROTO_UDP */
	bool v6only;
	union address address;
};

/* A list; out of memory sets @failed. Zero-initialised is empty. */
struct socket_list {
	struct socket_entry *items;
	size_t n, cap;
	bool failed;
};

void socket_list_add(struct socket_list *list, const struct socket_entry *entry);

/* socket_list_equal() - Same protocols, addresses and ports, in whatever order. */
bool socket_list_equal(const struct socket_list *a, const struct socket_list *b);

void socket_list_free(struct socket_list *list);

/* How one table is read; found out at its first scan. */
enum scan_source { SCAN_UNKNOWN, SCAN_DIAG, SCAN_FILE, SCAN_ABSENT };

#define SCAN_TABLES 4

/* Kept open between the scans of a wait. */
struct socket_scan {
	int netns;			/* our own reference */
	int diag;			/* netlink socket in the namespace, or -1 */
	int file[SCAN_TABLES];		/* of /proc/net, where sock_diag does not serve */
	enum scan_source source[SCAN_TABLES];
};

#define SOCKET_SCAN_INIT { .netns = -1, .diag = -1, .file = { -1, -1, -1, -1 } }

/* What to scan for. */
#define SCAN_TCP 1
#define SCAN_UDP 2

/* scan_open() - Return: 0, or -1 with errno. */
int scan_open(struct socket_scan *scan, int netns);

/* scan_sockets() - Append what is there to @list. Return: 0, or -1 with errno. */
int scan_sockets(struct socket_scan *scan, int what, struct socket_list *list);

void scan_close(struct socket_scan *scan);

/* socket_reaches() - Does a connection to @address (without its port) arrive at this socket? */
bool socket_reaches(const struct socket_entry *entry, const union address *address);

#endif
