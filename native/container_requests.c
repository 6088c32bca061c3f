/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "container_requests.h"
#include "container_table.h"
#include "exec.h"
#include "forward.h"
#include "kernel.h"
#include "protocol.h"
#include "session.h"
#include "trash.h"

/* A cgroup stays busy for a moment after its last process was reaped; wait this long for it, in steps of a millisecond. */
#define DESTROY_STEP_US 1000
#define DESTROY_ATTEMPTS 2000

static struct container *running(struct slice body, struct err *e)
{
	struct container *c = container_find(body, e);

	if (c && c->state != CONTAINER_RUNNING) {
		fail(e, ESRCH, "container %.32s is not running", c->id);
		return NULL;
	}
	return c;
}

int container_handle_signal(uint32_t id, struct slice body, struct err *e)
{
	struct slice exec_id;
	struct container *c;
	uint64_t sig;

	if (!find_u64(body, TAG_SIGNAL, &sig) || sig > 64)
		return fail(e, EINVAL, "signal");
	if (find_slice(body, TAG_EXEC_ID, &exec_id)) {
		if (exec_signal(body, (int)sig, e) < 0)
			return -1;
	} else {
		c = running(body, e);
		if (!c)
			return -1;
		if (kernel_pidfd_send_signal(c->exit.fd, (int)sig) < 0)
			return fail(e, errno, "signal %d", (int)sig);
	}
	session_ok(id, NULL);
	return 0;
}

int container_handle_resize(uint32_t id, struct slice body, struct err *e)
{
	uint64_t rows, columns;
	struct slice exec_id;
	struct winsize size;
	struct container *c;
	int fd;

	if (!find_u64(body, TAG_ROWS, &rows) || !find_u64(body, TAG_COLUMNS, &columns) || rows > USHRT_MAX || columns > USHRT_MAX)
		return fail(e, EINVAL, "terminal size");
	if (find_slice(body, TAG_EXEC_ID, &exec_id)) {
		fd = exec_terminal(body, e);
	} else {
		c = running(body, e);
		fd = c ? c->out.fd : -1;
		if (c && !c->tty)
			return fail(e, ENOTTY, "container has no terminal");
	}
	if (fd < 0)
		return e->no ? -1 : fail(e, ENOTTY, "no terminal");
	size = (struct winsize){ .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };
	if (ioctl(fd, TIOCSWINSZ, &size) < 0)
		return fail(e, errno, "resize");
	session_ok(id, NULL);
	return 0;
}

static void stdin_done(struct pump *p)
{
	struct container *c = container_of(p, struct container, stdin_pump);

	if (c->stdin_once) {
		close_fdp(&c->stdin_fd);
		c->stdin_fd = -1;
	}
}

static void stdin_arrived(struct stream_want *w, int fd)
{
	struct container *c = container_of(w, struct container, stdin_want);
	int out = c->stdin_fd < 0 ? -1 : fcntl(c->stdin_fd, F_DUPFD_CLOEXEC, 3);

	if (out < 0)
		close(fd);
	else
		pump_start(&c->stdin_pump, fd, out, stdin_done);
}

int container_handle_stdin(uint32_t id, struct slice body, struct err *e)
{
	struct container *c = container_find(body, e);
	uint64_t token, once = 0;

	if (!c)
		return -1;
	if (c->stdin_fd < 0)
		return fail(e, EPIPE, "stdin is closed");
	if (c->stdin_pump.running)
		return fail(e, EBUSY, "stdin is attached already");
	if (!find_u64(body, TAG_TOKEN_IN, &token))
		return fail(e, EINVAL, "stream");
	find_u64(body, TAG_FLAGS, &once);
	c->stdin_once = once;
	stream_forget(&c->stdin_want);
	c->stdin_want = (struct stream_want){ .token = token, .arrived = stdin_arrived };
	stream_claim(&c->stdin_want);
	session_ok(id, NULL);
	return 0;
}

int container_handle_log_wait(uint32_t id, struct slice body, struct err *e)
{
	struct container *c = container_find(body, e);
	uint64_t offset = 0;

	if (!c)
		return -1;
	find_u64(body, TAG_OFFSET, &offset);
	return log_wait(&c->log, id, offset, e);
}

/* ---------------------------------------------------------------- destroy */

static void retry(struct timer *t)
{
	container_finish_destroy(container_of(t, struct container, destroy_retry));
}

void container_finish_destroy(struct container *c)
{
	struct err e = ERR_INIT;
	uint32_t request = c->destroy_request;

	if (!container_remove_cgroups(c) && c->destroy_attempts++ < DESTROY_ATTEMPTS) {
		c->destroy_retry.fire = retry;
		timer_arm(&c->destroy_retry, DESTROY_STEP_US);
		return;
	}
	exec_container_gone(c->id);
	forward_close(c->id);
	if (c->destroy_attempts >= DESTROY_ATTEMPTS)
		fail(&e, EBUSY, "cgroup of %.32s does not become empty", c->id);
	if (c->scratch && !c->keep_scratch && trash_path(c->scratch, &e) < 0 && e.no == ENOENT)
		e.no = 0;
	container_forget(c);
	if (e.no)
		session_error(request, &e);
	else
		session_ok(request, NULL);
}

int container_handle_destroy(uint32_t id, struct slice body, struct err *e)
{
	struct container *c = container_find(body, e);
	uint64_t flags = 0;

	if (!c)
		return -1;
	find_u64(body, TAG_FLAGS, &flags);
	c->keep_scratch = flags & 1;
	if (c->destroy_request)
		return fail(e, EALREADY, "container %.32s is being destroyed", c->id);
	c->destroy_request = id;
	if (c->exit.fd < 0) {
		container_finish_destroy(c);
		return 0;
	}
	cgroup_kill(c->cgroup);
	/* Reaping it, in exit_ready(), goes on with container_finish_destroy(). */
	if (kernel_pidfd_send_signal(c->exit.fd, SIGKILL) < 0 && errno != ESRCH) {
		c->destroy_request = 0;
		return fail(e, errno, "kill");
	}
	return 0;
}
