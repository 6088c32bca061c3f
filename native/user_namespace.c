/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <unistd.h>

#include "files.h"
#include "user_namespace.h"

/* Return: once it has ended, 0; -1 with errno. */
static int await_end(int fd)
{
	char byte;
	ssize_t n;

	do
		n = RETRY(read(fd, &byte, 1));
	while (n > 0);
	return (int)n;
}

/* say() - How it went, to whoever maps ids: 0 or an errno. */
static int say(unsigned char how)
{
	return RETRY(write(STDOUT_FILENO, &how, 1)) == 1 ? 0 : -1;
}

static int become_root(struct err *e)
{
	/* Where no groups were mapped beside our own, setgroups(2) is denied, and the groups that we have stay (user_namespaces(7)). */
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return fail(e, errno, "setgroups");
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return fail(e, errno, "no id 0 in the user namespace");
	return 0;
}

int user_namespace_enter(struct err *e)
{
	_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return fail(e, errno, "/dev/null");
	if (unshare(CLONE_NEWUSER) < 0) {
		fail(e, errno, "unshare CLONE_NEWUSER");
		say((unsigned char)e->no);
		return -1;
	}
	if (say(0) < 0 || await_end(STDIN_FILENO) < 0)
		return fail(e, errno, "user namespace");
	if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return fail(e, errno, "standard streams");
	return become_root(e);
}
