/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The status channel: what a child that runs a plan tells the supervisor before it executes. The channel closes on exec,
 * so its end means success.
 */
#ifndef CAISSON_STATUS_H
#define CAISSON_STATUS_H

#include "err.h"

enum status_kind { STATUS_WARNING = 1, STATUS_FAILURE = 2, STATUS_TERMINAL = 3 };

struct status {
	int kind;
	struct err err;
};

/* status_send() - @fd: a descriptor that travels along, or -1. Return: 0, or -1 with errno. */
int status_send(int channel, int kind, const struct err *e, int fd);

/* status_go() - From the supervisor: it has done its part. A child that is gone, or has not waited for it, is none the worse. */
void status_go(int channel);

/* status_await() - In the child: until status_go(). Return: 0, or -1 with errno (EPIPE: the supervisor is gone). */
int status_await(int channel);

/*
 * status_receive() - One message, without waiting. Return: 1 and @fd (or -1) when there was one, 0 at the end,
 * -1 with errno (EAGAIN: nothing yet).
 */
int status_receive(int channel, struct status *message, int *fd);

#endif
