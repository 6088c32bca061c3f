/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAISSON_PROC_NET_H
#define CAISSON_PROC_NET_H

#include "socket_scan.h"

/*
 * proc_net_line() - One line of /proc/net/{tcp,udp}{,6} (Documentation/networking/proc_net_tcp.rst).
 * Return: false unless it describes a socket that waits for peers.
 */
bool proc_net_line(const char *line, uint8_t protocol, struct socket_entry *entry);

/* proc_net_read() - The whole file, from its start. Return: 0, or -1 with errno. */
int proc_net_read(int fd, uint8_t protocol, struct socket_list *list);

#endif
