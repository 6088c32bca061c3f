/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the socket tables of /proc/net. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "proc_net.h"

/* Longer than any line: they are padded to 149 characters, addresses of IPv6 included. */
#define LINE_SIZE 512

/* Addresses are printed as 32-bit words, each a number in the byte order of the machine. */
static bool parse_address(const char *hex, unsigned int port, union address *a)
{
	uint32_t words[4];
	size_t n = strlen(hex) / 8;

	if (strlen(hex) != 8 && strlen(hex) != 32)
		return false;
	for (size_t i = 0; i < n; i++)
		if (sscanf(hex + 8 * i, "%8x", &words[i]) != 1)
			return false;
	return address_of((struct slice){ (const uint8_t *)words, 4 * n }, (uint16_t)port, a);
}

bool proc_net_line(const char *line, uint8_t protocol, struct socket_entry *entry)
{
	unsigned int port, state;
	char local[33];

	if (sscanf(line, " %*u: %32[0-9A-F]:%4x %*32[0-9A-F]:%*4x %2x ", local, &port, &state) != 3)
		return false;
	if (state != (protocol == IPPROTO_TCP ? TCP_LISTEN : TCP_CLOSE) || port == 0)
		return false;
	/* The file does not say which sockets are for IPv6 only; most are not. */
	*entry = (struct socket_entry){ .protocol = protocol };
	return parse_address(local, port, &entry->address);
}

int proc_net_read(int fd, uint8_t protocol, struct socket_list *list)
{
	char buffer[16384 + LINE_SIZE];
	struct socket_entry entry;
	size_t have = 0;
	off_t at = 0;

	for (;;) {
		ssize_t n = RETRY(pread(fd, buffer + have, sizeof(buffer) - 1 - have, at));
		char *line = buffer, *end;

		if (n < 0)
			return -1;
		if (n == 0)
			return 0;
		at += n;
		have += (size_t)n;
		buffer[have] = 0;
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = 0;
			if (proc_net_line(line, protocol, &entry))
				socket_list_add(list, &entry);
		}
		have -= (size_t)(line - buffer);
		if (have >= LINE_SIZE) {
			errno = EBADMSG;
			return -1;
		}
		memmove(buffer, line, have);
	}
}
