/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Working inside other network namespaces. A socket belongs to the namespace its maker was in, for good; so
 * it is enough to step in, make it, and step back (1.4 us both ways). Nothing else runs meanwhile: we have one thread.
 *
 * Where there is no way back, another process goes there (beside.h).
 */
#ifndef CAISSON_NETNS_H
#define CAISSON_NETNS_H

/* netns_socket() - socket(2) in namespace @ns, close-on-exec. Return: fd, or -1 with errno. */
int netns_socket(int ns, int family, int type, int protocol);

/* netns_create() - A new network namespace. Return: fd, or -1 with errno. */
int netns_create(void);

/* netns_run() - Call @run(@context) in namespace @ns. Return: what it returns, or -1 with errno. */
int netns_run(int ns, int (*run)(void *context), void *context);

/* netns_open() - open(2) for reading in namespace @ns; @path is below /proc/thread-self/net/. Return: fd, or -1 with errno. */
int netns_open(int ns, const char *path);

#endif
