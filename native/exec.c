/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container.h"
#include "exec.h"
#include "kernel.h"
#include "protocol.h"
#include "session.h"
#include "spawn.h"
#include "status.h"

/* One standard stream: our end of the pipe (or a duplicate of the terminal) until the stream that it belongs to comes. */
struct channel {
	struct process *owner;
	struct stream_want want;
	struct pump pump;
	int fd;			/* waiting for its stream, else -1 */
	bool input;
	bool open;		/* has, or waits for, a stream */
};

enum { IN, OUT, ERR, CHANNELS };

struct process {
	char id[ID_MAX + 1];
	char container[ID_MAX + 1];
	struct watch exit, status;
	uint32_t request;
	struct err failure;
	pid_t pid;
	bool ended;
	int terminal;
	struct channel channels[CHANNELS];
	struct process *next;
};

static struct process *processes;

static struct process *by_id(struct slice body, struct err *e)
{
	char id[ID_MAX + 1];

	if (!find_text(body, TAG_EXEC_ID, id, sizeof(id)))
		return fail(e, EINVAL, "exec id"), NULL;
	for (struct process *p = processes; p; p = p->next)
		if (!strcmp(p->id, id))
			return p;
	return fail(e, ESRCH, "no process %s", id), NULL;
}

int exec_signal(struct slice body, int sig, bool group, struct err *e)
{
	struct process *p = by_id(body, e);

	if (!p)
		return -1;
	/* Its id can't be another's: it is not reaped before exit.fd is closed. */
	if (group && p->exit.fd >= 0 && kill(-p->pid, sig) == 0)
		return 0;
	if (p->exit.fd < 0 || kernel_pidfd_send_signal(p->exit.fd, sig) < 0)
		return fail(e, p->exit.fd < 0 ? ESRCH : errno, "signal %d", sig);
	return 0;
}

int exec_terminal(struct slice body, struct err *e)
{
	struct process *p = by_id(body, e);

	if (!p)
		return -1;
	return p->terminal < 0 ? fail(e, ENOTTY, "process has no terminal") : p->terminal;
}

/* settle() - Free the process once it has ended and all of its streams are closed. */
static void settle(struct process *p)
{
	if (!p->ended)
		return;
	for (int i = 0; i < CHANNELS; i++)
		if (p->channels[i].open)
			return;
	for (struct process **at = &processes; *at; at = &(*at)->next) {
		if (*at != p)
			continue;
		*at = p->next;
		break;
	}
	watch_close(&p->exit);
	watch_close(&p->status);
	close_fdp(&p->terminal);
	free(p);
}

static void channel_close(struct channel *c)
{
	if (!c->open)
		return;
	stream_refuse(&c->want);
	close_fdp(&c->fd);
	c->fd = -1;
	if (c->pump.running)
		pump_stop(&c->pump);	/* clears open */
	c->open = false;
}

static void pump_done(struct pump *pump)
{
	struct channel *c = container_of(pump, struct channel, pump);

	c->open = false;
	settle(c->owner);
}

static void stream_arrived(struct stream_want *want, int stream)
{
	struct channel *c = container_of(want, struct channel, want);
	int fd = steal_fd(&c->fd);

	if (pump_start(&c->pump, c->input ? stream : fd, c->input ? fd : stream, pump_done) < 0) {
		c->open = false;
		settle(c->owner);
		return;
	}
	if (c->owner->ended)
		pump_drain(&c->pump);
}

static void claim(struct process *p, int index, uint64_t token, int fd)
{
	struct channel *c = &p->channels[index];

	c->owner = p;
	c->fd = fd;
	c->input = index == IN;
	c->open = true;
	c->want = (struct stream_want){ .token = token, .arrived = stream_arrived };
	stream_claim(&c->want);
}

static bool read_status(struct process *p)
{
	struct status message;
	int fd, r;

	while ((r = status_receive(p->status.fd, &message, &fd)) > 0) {
		if (message.kind == STATUS_FAILURE)
			p->failure = message.err;
		if (message.kind == STATUS_TERMINAL && p->terminal < 0)
			p->terminal = steal_fd(&fd);
		close_fdp(&fd);
	}
	return r == 0 || errno != EAGAIN;
}

/* With a terminal, the streams wait for its master. */
static void claim_terminal(struct process *p)
{
	for (int i = IN; i <= OUT; i++) {
		int fd = p->channels[i].want.token ? fcntl(p->terminal, F_DUPFD_CLOEXEC, 3) : -1;

		if (fd >= 0)
			claim(p, i, p->channels[i].want.token, fd);
	}
}

static void status_ready(struct watch *w, uint32_t events)
{
	struct process *p = container_of(w, struct process, status);
	struct writer reply = { 0 };

	(void)events;
	if (!read_status(p))
		return;
	watch_close(&p->status);
	if (p->failure.no) {
		for (int i = 0; i < CHANNELS; i++)
			channel_close(&p->channels[i]);
		session_error(p->request, &p->failure);
		return;	/* it is about to end */
	}
	if (p->terminal >= 0)
		claim_terminal(p);
	put_u64(&reply, TAG_PID, (uint64_t)p->pid);
	session_ok(p->request, &reply);
}

static void exit_ready(struct watch *watch, uint32_t events)
{
	struct process *p = container_of(watch, struct process, exit);
	struct writer w = { 0 };
	siginfo_t info = { 0 };

	(void)events;
	if (RETRY(waitid(P_PIDFD, (id_t)watch->fd, &info, WEXITED | WNOHANG)) < 0 || info.si_pid == 0)
		return;
	if (p->status.fd >= 0)
		status_ready(&p->status, EPOLLIN);
	watch_close(&p->exit);
	if (!p->failure.no) {
		put_text(&w, TAG_EXEC_ID, p->id);
		exit_fields(&w, &info);
		session_event(MSG_EV_EXEC_EXIT, &w);
	}
	channel_close(&p->channels[IN]);
	/* Grandchildren may hold the pipes: what the process wrote is delivered, theirs is not waited for. */
	for (int i = OUT; i <= ERR; i++)
		if (p->channels[i].pump.running)
			pump_drain(&p->channels[i].pump);
	p->ended = true;
	settle(p);
}

static int open_pipes(struct process *p, struct slice body, int child_ends[CHANNELS], struct err *e)
{
	static const uint16_t tags[CHANNELS] = { TAG_TOKEN_IN, TAG_TOKEN_OUT, TAG_TOKEN_ERR };

	for (int i = 0; i < CHANNELS; i++) {
		uint64_t token, tty = 0;
		int ends[2];

		find_u64(body, TAG_TTY, &tty);
		if (!find_u64(body, tags[i], &token) || !token)
			continue;
		if (tty) {
			p->channels[i].want.token = token;
			continue;
		}
		if (pipe2(ends, O_CLOEXEC) < 0)
			return fail(e, errno, "pipe");
		child_ends[i] = ends[i == IN ? 0 : 1];
		claim(p, i, token, ends[i == IN ? 1 : 0]);
	}
	return 0;
}

static int start(struct process *p, const struct container *c, struct slice body, struct err *e)
{
	struct spawn s = { .stdio = { -1, -1, -1 } };
	char cgroup[PATH_MAX];
	uint64_t flags = 0;
	int r = -1;

	if (!find_slice(body, TAG_PLAN, &s.plan))
		return fail(e, EINVAL, "plan");
	if (find_text(body, TAG_CGROUP, cgroup, sizeof(cgroup)))
		s.cgroup = cgroup;
	find_u64(body, TAG_FLAGS, &flags);
	s.target = container_pidfd(c);
	s.pid_namespace = flags & EXEC_OWN_PIDS ? -1 : s.target;
	if (open_pipes(p, body, s.stdio, e) == 0 && spawn_plan(&s, e) == 0)
		r = 0;
	for (int i = 0; i < CHANNELS; i++)
		close_fdp(&s.stdio[i]);
	if (r < 0)
		return -1;
	p->pid = s.pid;
	p->exit = (struct watch){ .fd = s.pidfd, .ready = exit_ready };
	p->status = (struct watch){ .fd = s.status, .ready = status_ready };
	if (watch_set(&p->exit, EPOLLIN) < 0 || watch_set(&p->status, EPOLLIN) < 0) {
		kernel_pidfd_send_signal(s.pidfd, SIGKILL);
		return fail(e, errno, "epoll");
	}
	return 0;
}

int exec_handle(uint32_t id, struct slice body, struct err *e)
{
	struct container *c = container_find(body, e);
	struct process *p;

	if (!c)
		return -1;
	if (container_pidfd(c) < 0)
		return fail(e, ESRCH, "container %.32s is not running", c->id);
	p = calloc(1, sizeof(*p));
	if (!p)
		return fail(e, ENOMEM, "process");
	p->exit.fd = p->status.fd = p->terminal = -1;
	p->failure = (struct err)ERR_INIT;
	p->request = id;
	for (int i = 0; i < CHANNELS; i++)
		p->channels[i] = (struct channel){ .owner = p, .fd = -1 };
	strcpy(p->container, c->id);
	p->next = processes;
	processes = p;
	if (!find_text(body, TAG_EXEC_ID, p->id, sizeof(p->id)))
		fail(e, EINVAL, "exec id");
	if (!e->no && start(p, c, body, e) == 0)
		return 0;
	for (int i = 0; i < CHANNELS; i++)
		channel_close(&p->channels[i]);
	p->ended = true;
	settle(p);
	return -1;
}

void exec_container_gone(const char *container)
{
	for (struct process *p = processes, *next; p; p = next) {
		next = p->next;
		if (strcmp(p->container, container) || !p->ended)
			continue;
		/* Data that Node has not read yet is still delivered; a stream that never came is not waited for. */
		for (int i = 0; i < CHANNELS; i++)
			if (p->channels[i].open && !p->channels[i].pump.running)
				channel_close(&p->channels[i]);
		settle(p);
	}
}
