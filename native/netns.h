/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making sockets inside a container's network namespace. A socket belongs to the namespace its maker was in, for good; so
 * it is enough to step in, make it, and step back (1.4 us both ways). Nothing else runs meanwhile: we have one thread.
 */
#ifndef CAISSON_NETNS_H
#define CAISSON_NETNS_H

/* netns_socket() - socket(2) in namespace @ns, close-on-exec. Return: fd, or -1 with errno. */
int netns_socket(int ns, int family, int type, int protocol);

/* netns_open() - open(2) for reading in namespace @ns; @path is below /proc/thread-self/net/. Return: fd, or -1 with errno. */
int netns_open(int ns, const char *path);

#endif
