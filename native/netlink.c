/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"
#include "netns.h"

/* count_answers() - How many requests ask for one. Return: -1 when the blob is not a sequence of messages. */
static int count_answers(struct slice blob)
{
	int count = 0;

	while (blob.len > 0) {
		struct nlmsghdr header;
		size_t step;

		if (blob.len < sizeof(header))
			return -1;
		memcpy(&header, blob.data, sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > blob.len)
			return -1;
		step = NLMSG_ALIGN(header.nlmsg_len);
		if (step > blob.len)
			return -1;
		blob.data += step;
		blob.len -= step;
		if (header.nlmsg_flags & NLM_F_ACK)
			count++;
	}
	return count;
}

/* Those that ask for no answer still get one when they fail. */
static int receive_answers(int fd, int expected, struct err *e)
{
	char buffer[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	int done = 0;

	while (done < expected) {
		ssize_t n = RETRY(recv(fd, buffer, sizeof(buffer), 0));

		if (n < 0)
			return fail(e, errno, "receive");
		for (struct nlmsghdr *h = (void *)buffer; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
			struct nlmsgerr *answer = NLMSG_DATA(h);

			if (h->nlmsg_type != NLMSG_ERROR)
				continue;
			if (answer->error)
				return fail(e, -answer->error, "request %d", done);
			done++;
		}
	}
	return 0;
}

int netlink_ask(int fd, struct slice requests, struct err *e)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int expected = count_answers(requests);

	if (expected < 0)
		return fail(e, EBADMSG, "malformed requests");
	if (RETRY(sendto(fd, requests.data, requests.len, 0, (struct sockaddr *)&kernel, sizeof(kernel))) < 0)
		return fail(e, errno, "send");
	return receive_answers(fd, expected, e);
}

int netlink_send(int protocol, struct slice requests, struct err *e)
{
	_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	return fd < 0 ? fail(e, errno, "socket") : netlink_ask(fd, requests, e);
}

struct visit {
	int protocol;
	struct slice requests;
	struct err *e;
};

static int send_there(void *context)
{
	struct visit *v = context;

	return netlink_send(v->protocol, v->requests, v->e);
}

int netlink_send_in(int netns, int protocol, struct slice requests, struct err *e)
{
	struct visit visit = { .protocol = protocol, .requests = requests, .e = e };

	if (netns_run(netns, send_there, &visit) == 0)
		return 0;
	return e->no ? -1 : fail(e, errno, "enter the network namespace");
}
