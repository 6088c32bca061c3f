/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "status.h"

union control {
	char buffer[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

int status_send(int channel, int kind, const struct err *e, int fd)
{
	struct status message = { .kind = kind };
	struct iovec iov = { &message, sizeof(message) };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;

	if (e)
		message.err = *e;
	if (fd >= 0) {
		struct cmsghdr *c;

		header.msg_control = control.buffer;
		header.msg_controllen = sizeof(control.buffer);
		c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return RETRY(sendmsg(channel, &header, MSG_NOSIGNAL)) < 0 ? -1 : 0;
}

void status_go(int channel)
{
	(void)RETRY(send(channel, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT));
}

int status_await(int channel)
{
	char byte;
	ssize_t n = RETRY(recv(channel, &byte, 1, 0));

	if (n == 0)
		errno = EPIPE;
	return n == 1 ? 0 : -1;
}

int status_receive(int channel, struct status *message, int *fd)
{
	struct iovec iov = { message, sizeof(*message) };
	union control control;
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buffer, .msg_controllen = sizeof(control.buffer) };
	struct cmsghdr *c;
	ssize_t n;

	*fd = -1;
	/* A child that ends without status_await() leaves our message unread, which is told once, before what it still said. */
	do
		n = RETRY(recvmsg(channel, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
	while (n < 0 && errno == ECONNRESET);
	if (n < 0)
		return -1;
	c = CMSG_FIRSTHDR(&header);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return n == sizeof(*message) ? 1 : 0;
}
