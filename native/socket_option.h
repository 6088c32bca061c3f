/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAISSON_SOCKET_OPTION_H
#define CAISSON_SOCKET_OPTION_H

#include <sys/socket.h>

/* set_option() - setsockopt(2) of an integer. Return: 0, or -1 with errno. */
static inline int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

#endif
