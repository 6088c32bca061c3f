/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a container: launch, output, exit. Requests about a container that is there stand in container_requests.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "container.h"
#include "container_output.h"
#include "container_requests.h"
#include "container_table.h"
#include "exec.h"
#include "forward.h"
#include "kernel.h"
#include "listening.h"
#include "names.h"
#include "plan.h"
#include "procfs.h"
#include "protocol.h"
#include "session.h"
#include "spawn.h"
#include "status.h"
#include "uplink.h"

static struct container *containers;

struct container *container_by_id(const char *id)
{
	for (struct container *c = containers; c; c = c->next)
		if (!strcmp(c->id, id))
			return c;
	return NULL;
}

struct container *container_find(struct slice body, struct err *e)
{
	struct container *c;
	char id[ID_MAX + 1];

	if (!find_text(body, TAG_ID, id, sizeof(id)))
		return fail(e, EINVAL, "container id"), NULL;
	c = container_by_id(id);
	if (!c)
		fail(e, ENOENT, "no container %s", id);
	return c;
}

int container_netns(const char *id)
{
	struct container *c = container_by_id(id);

	return c && c->state == CONTAINER_RUNNING ? c->netns : -1;
}

int container_pidfd(const struct container *c)
{
	return c->state == CONTAINER_RUNNING ? c->exit.fd : -1;
}

void exit_fields(struct writer *w, const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		put_u64(w, TAG_EXIT_CODE, (uint64_t)info->si_status);
	else
		put_u64(w, TAG_SIGNAL, (uint64_t)info->si_status);
}

void container_close_stdin(struct container *c)
{
	stream_refuse(&c->stdin_want);
	pump_stop(&c->stdin_pump);
	close_fdp(&c->stdin_fd);
	c->stdin_fd = -1;
}

/* ---------------------------------------------------------------- exit */

/* release_run() - Everything that belongs to one run and not to the container. */
static void release_run(struct container *c)
{
	watch_close(&c->exit);
	watch_close(&c->status);
	watch_close(&c->out);
	watch_close(&c->err);
	container_close_stdin(c);
	names_stop(c->id);
	uplink_stop(c->id);
	close_fdp(&c->netns);
	c->netns = -1;
	log_close(&c->log);
	writer_free(&c->warnings);
}

static void release_paths(struct container *c)
{
	free(c->cgroup);
	free(c->oom_file);
	free(c->scratch);
	for (int i = 0; i < c->cgroup_dirs_n; i++)
		free(c->cgroup_dirs[i]);
	c->cgroup = c->oom_file = c->scratch = NULL;
	memset(c->cgroup_dirs, 0, sizeof(c->cgroup_dirs));
	c->cgroup_dirs_n = 0;
}

bool container_remove_cgroups(struct container *c)
{
	bool gone = true;

	for (int i = 0; i < c->cgroup_dirs_n; i++)
		if (cgroup_remove(c->cgroup_dirs[i]) < 0)
			gone = false;
	return gone;
}

void container_kill(struct container *c)
{
	if (c->cgroup && cgroup_kill(c->cgroup) == 0)
		return;
	for (int i = 0; i < c->cgroup_dirs_n; i++)
		cgroup_kill_each(c->cgroup_dirs[i]);
}

void container_forget(struct container *c)
{
	for (struct container **at = &containers; *at; at = &(*at)->next) {
		if (*at != c)
			continue;
		*at = c->next;
		break;
	}
	timer_cancel(&c->destroy_retry);
	release_run(c);
	release_paths(c);
	free(c);
}

static void put_file(struct writer *w, uint16_t tag, const char *path)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buffer[4096];
	ssize_t n;

	if (fd < 0)
		return;
	n = RETRY(read(fd, buffer, sizeof(buffer)));
	if (n > 0)
		put_bytes(w, tag, buffer, (size_t)n);
}

static void answer_launch(struct container *c)
{
	struct writer w = { 0 };

	if (!c->request)
		return;
	if (c->failure.no) {
		session_error(c->request, &c->failure);
	} else {
		put_u64(&w, TAG_PID, (uint64_t)c->pid);
		put_raw(&w, c->warnings.data, c->warnings.len);
		session_ok(c->request, &w);
	}
	c->request = 0;
}

/* read_status() - Return: true once the channel has ended. */
static bool read_status(struct container *c)
{
	struct status message;
	int fd, r;

	while ((r = status_receive(c->status.fd, &message, &fd)) > 0) {
		if (message.kind == STATUS_FAILURE) {
			c->failure = message.err;
		} else if (message.kind == STATUS_WARNING) {
			size_t mark = put_begin(&c->warnings, TAG_WARNING);

			put_u64(&c->warnings, TAG_OP, (uint64_t)message.err.op);
			put_u64(&c->warnings, TAG_ERRNO, (uint64_t)message.err.no);
			put_u64(&c->warnings, TAG_PHASE, PHASE_PLAN);
			put_text(&c->warnings, TAG_TEXT, message.err.text);
			put_end(&c->warnings, mark);
		} else if (message.kind == STATUS_TERMINAL && fd >= 0 && c->out.fd < 0) {
			c->stdin_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
			output_watch(c, &c->out, fd);
			continue;
		}
		close_fdp(&fd);
	}
	return r == 0 || errno != EAGAIN;
}

static void status_ready(struct watch *w, uint32_t events)
{
	struct container *c = container_of(w, struct container, status);

	(void)events;
	if (!read_status(c))
		return;
	watch_close(&c->status);
	/* A failure is told once the child is reaped: whoever hears of it may launch the container again. */
	if (c->failure.no)
		return;
	c->state = CONTAINER_RUNNING;
	answer_launch(c);
}

static void exit_ready(struct watch *watch, uint32_t events)
{
	struct container *c = container_of(watch, struct container, exit);
	struct writer w = { 0 };
	siginfo_t info = { 0 };
	bool ran;

	(void)events;
	if (RETRY(waitid(P_PIDFD, (id_t)watch->fd, &info, WEXITED | WNOHANG)) < 0 || info.si_pid == 0)
		return;
	if (c->status.fd >= 0)
		status_ready(&c->status, EPOLLIN);
	ran = c->state == CONTAINER_RUNNING;
	c->state = CONTAINER_EXITED;
	/* Those that share another pid namespace are not gone with the first process. */
	container_kill(c);
	output_drain(c, &c->out);
	output_drain(c, &c->err);
	listening_container_gone(c->id);
	put_text(&w, TAG_ID, c->id);
	exit_fields(&w, &info);
	if (c->oom_file)
		put_file(&w, TAG_DATA, c->oom_file);
	watch_close(&c->exit);
	container_close_stdin(c);
	names_stop(c->id);
	uplink_stop(c->id);
	close_fdp(&c->netns);
	c->netns = -1;
	log_complete(&c->log);
	if (ran)
		session_event(MSG_EV_EXIT, &w);
	else
		answer_launch(c);
	writer_free(&w);
	if (c->destroy_request)
		container_finish_destroy(c);
}

/* ---------------------------------------------------------------- launch */

/* take_path() - The container's own copy of a path that a request names. */
static int take_path(struct slice s, char **path, struct err *e)
{
	if (memchr(s.data, 0, s.len) || s.len >= PATH_MAX)
		return fail(e, EINVAL, "path of a container");
	*path = strndup((const char *)s.data, s.len);
	return *path ? 0 : fail(e, ENOMEM, "path of a container");
}

static int take_paths(struct container *c, struct slice body, struct err *e)
{
	struct reader r = reader_of(body);
	struct field f;

	release_paths(c);
	while (read_field(&r, &f)) {
		char **path = f.tag == TAG_CGROUP ? &c->cgroup
			    : f.tag == TAG_OOM_FILE ? &c->oom_file
			    : f.tag == TAG_SCRATCH ? &c->scratch
			    : NULL;

		if (f.tag == TAG_CGROUP_DIR && c->cgroup_dirs_n < CGROUP_DIRS_MAX)
			path = &c->cgroup_dirs[c->cgroup_dirs_n];
		if (!path || *path)
			continue;
		if (take_path(f.value, path, e) < 0)
			return -1;
		c->cgroup_dirs_n += f.tag == TAG_CGROUP_DIR;
	}
	return 0;
}

/* entry() - The table's entry for a launch: new, or the one of a container that has exited. */
static struct container *entry(struct slice body, struct err *e)
{
	char id[ID_MAX + 1];
	struct container *c;

	if (!find_text(body, TAG_ID, id, sizeof(id)) || !id[0])
		return fail(e, EINVAL, "container id"), NULL;
	c = container_by_id(id);
	if (c && (c->state != CONTAINER_EXITED || c->destroy_request))
		return fail(e, EBUSY, "container %s is running", id), NULL;
	if (!c) {
		c = calloc(1, sizeof(*c));
		if (!c)
			return fail(e, ENOMEM, "container"), NULL;
		strcpy(c->id, id);
		c->next = containers;
		containers = c;
	} else {
		container_remove_cgroups(c);	/* one that is still busy goes with the session */
		release_run(c);
	}
	c->exit.fd = c->status.fd = c->out.fd = c->err.fd = c->stdin_fd = c->netns = c->log.fd = -1;
	c->failure = (struct err)ERR_INIT;
	c->state = CONTAINER_EXITED;	/* until there is a process */
	return take_paths(c, body, e) < 0 ? NULL : c;
}

static int open_log(struct container *c, struct slice body, struct err *e)
{
	char path[PATH_MAX];
	uint64_t limit = 0;

	if (!find_text(body, TAG_LOG, path, sizeof(path)))
		return fail(e, EINVAL, "log path");
	find_u64(body, TAG_LOG_MAX, &limit);
	return log_open(&c->log, path, limit, e);
}

static void prepare_warning(struct plan *p, const struct err *e)
{
	struct writer *w = p->context;
	size_t mark = put_begin(w, TAG_WARNING);

	put_u64(w, TAG_OP, (uint64_t)e->op);
	put_u64(w, TAG_ERRNO, (uint64_t)e->no);
	put_u64(w, TAG_PHASE, PHASE_PREPARE);
	put_text(w, TAG_TEXT, e->text);
	put_end(w, mark);
}

int container_prepare(struct slice body, struct writer *warnings, struct err *e)
{
	struct slice operations;
	struct plan p;
	int r;

	if (!find_slice(body, TAG_PREPARE, &operations))
		return 0;
	plan_init(&p);
	p.prepare = true;
	p.warn = prepare_warning;
	p.context = warnings;
	r = plan_run(&p, operations, e);
	plan_close(&p);
	return r;
}

static int open_netns(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "%d/ns/net", pid);
	return openat(procfs(), path, O_RDONLY | O_CLOEXEC);
}

static int pid_namespace_of(const char *id)
{
	struct container *c = container_by_id(id);

	return c ? container_pidfd(c) : -1;
}

static int start_names(struct container *c, struct slice body, struct err *e)
{
	struct slice settings;

	return find_slice(body, TAG_NAMES, &settings) ? names_start(c->id, c->netns, settings, e) : 0;
}

static int start_uplink(struct container *c, struct slice body, struct err *e)
{
	struct slice settings;

	if (!find_slice(body, TAG_UPLINK, &settings) || uplink_start(c->id, c->netns, settings, e) == 0)
		return 0;
	e->phase = PHASE_UPLINK;
	return -1;
}

/* start() - Pipes, clone, watches. What it opened is the container's, and goes with release_run(). */
static int start(struct container *c, struct slice body, struct err *e)
{
	_close_ int in_r = -1, out_w = -1, err_w = -1;
	struct spawn s = { .pid_namespace = -1, .target = -1, .cgroup = c->cgroup };
	uint64_t tty = 0, stdin_mode = STDIN_NULL;
	char peer[ID_MAX + 1];
	int in[2], out[2], err[2];

	if (!find_slice(body, TAG_PLAN, &s.plan))
		return fail(e, EINVAL, "plan");
	find_u64(body, TAG_CLONE_FLAGS, &s.clone_flags);
	find_u64(body, TAG_TTY, &tty);
	find_u64(body, TAG_STDIN, &stdin_mode);
	c->tty = tty;
	if (find_text(body, TAG_PID_OF, peer, sizeof(peer)) && (s.pid_namespace = pid_namespace_of(peer)) < 0)
		return fail(e, ESRCH, "container %.32s is not running", peer);
	if (!tty && stdin_mode == STDIN_PIPE) {
		if (pipe2(in, O_CLOEXEC) < 0)
			return fail(e, errno, "stdin");
		in_r = in[0];
		c->stdin_fd = in[1];
	}
	if (!tty) {
		if (pipe2(out, O_CLOEXEC) < 0)
			return fail(e, errno, "stdout");
		out_w = out[1];
		if (output_watch(c, &c->out, out[0]) < 0 || pipe2(err, O_CLOEXEC) < 0)
			return fail(e, errno, "stdout and stderr");
		err_w = err[1];
		if (output_watch(c, &c->err, err[0]) < 0)
			return fail(e, errno, "stderr");
	}
	s.stdio[0] = in_r;
	s.stdio[1] = out_w;
	s.stdio[2] = err_w;
	if (spawn_plan(&s, e) < 0)
		return -1;
	c->pid = s.pid;
	c->state = CONTAINER_STARTING;
	c->exit = (struct watch){ .fd = s.pidfd, .ready = exit_ready };
	c->status = (struct watch){ .fd = s.status, .ready = status_ready };
	c->netns = open_netns(c->pid);
	if (watch_set(&c->exit, EPOLLIN) < 0 || watch_set(&c->status, EPOLLIN) < 0) {
		kernel_pidfd_send_signal(s.pidfd, SIGKILL);
		return fail(e, errno, "epoll");
	}
	/* From here on the child's end answers the request, with this failure where there was one. */
	if (start_names(c, body, &c->failure) < 0 || start_uplink(c, body, &c->failure) < 0)
		kernel_pidfd_send_signal(s.pidfd, SIGKILL);
	else
		status_go(s.status);
	return 0;
}

int container_handle_launch(uint32_t id, struct slice body, struct err *e)
{
	struct container *c = entry(body, e);

	if (!c)
		return -1;
	if (container_prepare(body, &c->warnings, e) < 0 || open_log(c, body, e) < 0 || start(c, body, e) < 0)
		return -1;
	c->request = id;
	return 0;
}

/* ---------------------------------------------------------------- a plan without a container */

/* The watches, status and warnings of a trial are those of a container that is never in the table. */
static void trial_exit(struct watch *watch, uint32_t events)
{
	struct container *c = container_of(watch, struct container, exit);
	siginfo_t info = { 0 };

	(void)events;
	if (RETRY(waitid(P_PIDFD, (id_t)watch->fd, &info, WEXITED | WNOHANG)) < 0 || info.si_pid == 0)
		return;
	read_status(c);
	if (!c->failure.no && !(info.si_code == CLD_EXITED && info.si_status == 0))
		fail(&c->failure, ECHILD, "child ended with %s %d", info.si_code == CLD_EXITED ? "code" : "signal", info.si_status);
	answer_launch(c);
	release_run(c);
	free(c);
}

int container_handle_try(uint32_t id, struct slice body, struct err *e)
{
	struct spawn s = { .pid_namespace = -1, .target = -1, .stdio = { -1, -1, -1 } };
	struct container *c;
	struct slice target;

	if (!find_slice(body, TAG_PLAN, &s.plan))
		return fail(e, EINVAL, "plan");
	find_u64(body, TAG_CLONE_FLAGS, &s.clone_flags);
	if (find_slice(body, TAG_ID, &target)) {
		c = container_find(body, e);
		if (!c)
			return -1;
		s.target = container_pidfd(c);
		if (s.target < 0)
			return fail(e, ESRCH, "container %.32s is not running", c->id);
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		return fail(e, ENOMEM, "trial");
	c->out.fd = c->err.fd = c->stdin_fd = c->netns = c->log.fd = -1;
	c->failure = (struct err)ERR_INIT;
	if (spawn_plan(&s, e) < 0) {
		free(c);
		return -1;
	}
	c->request = id;
	c->pid = s.pid;
	c->status = (struct watch){ .fd = s.status };
	c->exit = (struct watch){ .fd = s.pidfd, .ready = trial_exit };
	return watch_set(&c->exit, EPOLLIN) < 0 ? fail(e, errno, "epoll") : 0;
}
