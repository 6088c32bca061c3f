/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of both sockets behind a published TCP port.
 */
#ifndef CAISSON_TCP_OPTIONS_H
#define CAISSON_TCP_OPTIONS_H

/*
 * tcp_relay_options() - For a socket whose bytes are passed on as they come: no delay, urgent data left in the stream.
 * Accepted sockets inherit it. Return: 0, or -1 with errno.
 */
int tcp_relay_options(int fd);

/*
 * tcp_local_options() - For a socket whose peer is on this machine. Before connect(2) or listen(2): a socket that once was
 * paced stays so. Accepted sockets inherit it.
 */
void tcp_local_options(int fd);

#endif
