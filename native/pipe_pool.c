/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "pipe_pool.h"

#define KEPT_MAX 16
#define PIPE_SIZE (512 << 10)

static int kept[KEPT_MAX][2];
static int kept_n;

int pipe_pool_take(int pipe[2])
{
	if (kept_n > 0) {
		memcpy(pipe, kept[--kept_n], sizeof(kept[0]));
		return 0;
	}
	if (pipe2(pipe, O_NONBLOCK | O_CLOEXEC) < 0) {
		pipe[0] = pipe[1] = -1;
		return -1;
	}
	/* Ignored: above /proc/sys/fs/pipe-user-pages-soft a user gets small pipes, which are slower and work. */
	(void)fcntl(pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
	return 0;
}

void pipe_pool_give(int pipe[2])
{
	if (pipe[0] < 0)
		return;
	if (kept_n == KEPT_MAX) {
		pipe_pool_discard(pipe);
		return;
	}
	memcpy(kept[kept_n++], pipe, sizeof(kept[0]));
	pipe[0] = pipe[1] = -1;
}

void pipe_pool_discard(int pipe[2])
{
	close_fdp(&pipe[0]);
	close_fdp(&pipe[1]);
	pipe[0] = pipe[1] = -1;
}

void pipe_pool_drain(void)
{
	while (kept_n > 0)
		pipe_pool_discard(kept[--kept_n]);
}
