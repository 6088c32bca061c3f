/* SPDX-License-Identifier: Apache-2.0 */
/* What is done beside us: its results are ours, where it went is not. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "beside.h"
#include "test.h"

static ino_t network_namespace(void)
{
	struct stat st;

	CHECK_INT(stat("/proc/thread-self/ns/net", &st), 0);
	return st.st_ino;
}

static int leave(void *context)
{
	ino_t *there = context;

	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	*there = network_namespace();
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int refuse(void *context)
{
	(void)context;
	errno = ENOTUNIQ;
	return -1;
}

static int die(void *context)
{
	(void)context;
	_exit(3);
}

TEST(what_it_opens_and_writes_is_ours_and_its_namespace_is_not)
{
	ino_t here = network_namespace(), there = 0;
	int fd = beside_run(leave, &there);

	CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHECK(there && there != here);
	CHECK(network_namespace() == here);
	close(fd);
}

TEST(a_failure_keeps_its_errno)
{
	CHECK_INT(beside_run(refuse, NULL), -1);
	CHECK_INT(errno, ENOTUNIQ);
}

TEST(a_death_is_a_failure)
{
	CHECK_INT(beside_run(die, NULL), -1);
	CHECK_INT(errno, EINTR);
}

TEST(it_leaves_no_process)
{
	ino_t there;

	close(beside_run(leave, &there));
	CHECK_INT(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	CHECK_INT(errno, ECHILD);
}
