/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The containers of this session: from the request to launch one until it is destroyed.
 *
 * States: STARTING from the clone until the command is executed (the status channel ends) or failed; RUNNING until its
 * first process is reaped; EXITED until MSG_DESTROY, or until it is launched again.
 */
#ifndef CAISSON_CONTAINER_H
#define CAISSON_CONTAINER_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "log.h"
#include "loop.h"
#include "pump.h"
#include "stream.h"
#include "wire.h"

#define ID_MAX 64
#define CGROUP_DIRS_MAX 16

enum container_state { CONTAINER_STARTING, CONTAINER_RUNNING, CONTAINER_EXITED };

struct container {
	char id[ID_MAX + 1];
	enum container_state state;
	pid_t pid;
	struct watch exit;	/* pidfd */
	struct watch status;	/* status channel, while STARTING */
	uint32_t request;	/* the launch to be answered, 0 once it is */
	struct err failure;	/* what the status channel reported; no is 0 when nothing */
	struct writer warnings;

	bool tty;
	struct watch out, err;	/* stdout (or the terminal) and stderr */
	int stdin_fd;		/* write end, or the terminal */
	struct pump stdin_pump;
	struct stream_want stdin_want;
	bool stdin_once;	/* close stdin with the stream that feeds it */
	struct log log;

	int netns;
	char *cgroup;		/* v2 directory, or NULL */
	char *oom_file;
	char *scratch;
	char *cgroup_dirs[CGROUP_DIRS_MAX];
	int cgroup_dirs_n;

	bool keep_scratch;		/* when destroyed: others still use what is in it */
	uint32_t destroy_request;	/* 0 when none waits */
	struct timer destroy_retry;
	int destroy_attempts;
	struct container *next;
};

/* container_find() - By the TAG_ID of a request. Return: NULL with @e (ENOENT). */
struct container *container_find(struct slice body, struct err *e);

/* container_netns() - Network namespace of a running container, borrowed. Return: -1 when none runs under that id. */
int container_netns(const char *id);

/* container_pidfd() - Of its first process, borrowed. Return: -1 unless it runs. */
int container_pidfd(const struct container *c);

/* exit_fields() - What waitid() said, as EXIT_CODE or SIGNAL. */
void exit_fields(struct writer *w, const siginfo_t *info);

#endif
