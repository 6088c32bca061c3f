/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAISSON_SOCK_DIAG_H
#define CAISSON_SOCK_DIAG_H

#include "socket_scan.h"

/* sock_diag_dump() - The waiting sockets of one family and protocol. @fd: NETLINK_SOCK_DIAG. Return: 0, or -1 with errno. */
int sock_diag_dump(int fd, uint8_t family, uint8_t protocol, struct socket_list *list);

#endif
