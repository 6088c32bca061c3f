/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive.h"
#include "container.h"
#include "decoder.h"
#include "files.h"
#include "hold.h"
#include "implicit_dirs.h"
#include "kernel.h"
#include "plan.h"
#include "procfs.h"
#include "protocol.h"
#include "read_files.h"
#include "session.h"
#include "spawn.h"
#include "stream.h"
#include "trash.h"

/* What a worker does; runs in the worker. @root is -1 for jobs that name host paths. */
typedef int (*job_fn)(struct slice body, int stream, int root, struct writer *reply, struct err *e);

/*
 * A job waits for its stream, if it has one, then runs in a worker, and is answered when the worker's result has come in.
 */
struct job {
	struct waiting waiting;
	struct stream_want want;
	job_fn run;
	struct slice body;	/* a copy */
	int root;		/* of a running container, or -1 */
	int stream;
	int pidfd;		/* of the worker */
	struct watch result;	/* its pipe; the worker is done when that ends */
	struct writer received;
};

/* ---------------------------------------------------------------- in the worker */

/* A result is a byte that says whether the job failed, then the fields of the reply, or the error. */
static void send_result(int fd, int failed, const struct err *e, const struct writer *reply)
{
	uint8_t flag = (uint8_t)failed;
	const uint8_t *data = failed ? (const uint8_t *)e : reply->data;
	size_t len = failed ? sizeof(*e) : reply->len;

	if (RETRY(write(fd, &flag, 1)) != 1)
		return;
	while (len > 0) {
		ssize_t n = RETRY(write(fd, data, len));

		if (n < 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

/* Nothing runs: mount the root file system in a mount namespace of the worker's own. */
static int mount_root(struct slice body, int *root, struct err *e)
{
	struct slice operations;
	struct plan p;

	if (!find_slice(body, TAG_PLAN, &operations))
		return 0;
	if (unshare(CLONE_NEWNS) < 0)
		return fail(e, errno, "mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail(e, errno, "mount propagation");
	plan_init(&p);
	if (plan_run(&p, operations, e) < 0)
		return -1;
	*root = p.root;
	return 0;
}

struct work {
	const struct job *job;
	int stream, root, result;
};

static int work(void *context)
{
	struct work *w = context;
	struct writer reply = { 0 };
	struct err e = ERR_INIT;
	int flags, r;

	if (w->stream >= 0 && (flags = fcntl(w->stream, F_GETFL)) >= 0)
		fcntl(w->stream, F_SETFL, flags & ~O_NONBLOCK);
	umask(0);
	r = mount_root(w->job->body, &w->root, &e);
	if (r == 0)
		r = w->job->run(w->job->body, w->stream, w->root, &reply, &e);
	/* The other side learns of the end of the data first, then of the result. */
	if (w->stream >= 0)
		shutdown(w->stream, SHUT_RDWR);
	send_result(w->result, r < 0, &e, &reply);
	return 0;
}

/* ---------------------------------------------------------------- in the supervisor */

static void release(struct job *j)
{
	stream_refuse(&j->want);
	close_fdp(&j->root);
	close_fdp(&j->stream);
	close_fdp(&j->pidfd);
	watch_close(&j->result);
	writer_free(&j->received);
	free((void *)(uintptr_t)j->body.data);
	free(j);
}

static void answer(struct job *j)
{
	struct err e = ERR_INIT;
	struct writer reply = { 0 };
	const uint8_t *data = j->received.data;
	size_t len = j->received.len;

	if (len == 0) {
		fail(&e, ECHILD, "the worker was killed");
		session_error(j->waiting.id, &e);
	} else if (data[0] == 0) {
		put_raw(&reply, data + 1, len - 1);
		session_ok(j->waiting.id, &reply);
	} else {
		if (len - 1 == sizeof(e))
			memcpy(&e, data + 1, sizeof(e));
		else
			fail(&e, EPROTO, "the worker's result is cut short");
		session_error(j->waiting.id, &e);
	}
}

static void result_ready(struct watch *w, uint32_t events)
{
	struct job *j = container_of(w, struct job, result);
	uint8_t chunk[16384];
	siginfo_t info;
	ssize_t n = RETRY(read(w->fd, chunk, sizeof(chunk)));

	(void)events;
	if (n > 0) {
		put_raw(&j->received, chunk, (size_t)n);
		return;
	}
	/* The pipe ends when the worker does, or is about to. */
	RETRY(waitid(P_PIDFD, (id_t)j->pidfd, &info, WEXITED));
	waiting_remove(&j->waiting);
	answer(j);
	release(j);
}

static int start_worker(struct job *j, struct err *e)
{
	struct work w = { .job = j, .stream = j->stream, .root = j->root };
	int *keep[] = { &w.stream, &w.root, &w.result };
	int pipe_fds[2];
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return fail(e, errno, "pipe");
	w.result = pipe_fds[1];
	pid = spawn_worker(keep, 3, work, &w, &j->pidfd);
	close(pipe_fds[1]);
	if (pid < 0) {
		close(pipe_fds[0]);
		return fail(e, errno, "worker");
	}
	close_fdp(&j->stream);
	close_fdp(&j->root);
	j->stream = j->root = -1;
	j->result = (struct watch){ .fd = pipe_fds[0], .ready = result_ready };
	return watch_set(&j->result, EPOLLIN) < 0 ? fail(e, errno, "epoll") : 0;
}

static void stream_arrived(struct stream_want *want, int fd)
{
	struct job *j = container_of(want, struct job, want);
	struct err e = ERR_INIT;

	j->stream = fd;
	if (start_worker(j, &e) == 0)
		return;
	waiting_remove(&j->waiting);
	session_error(j->waiting.id, &e);
	release(j);
}

static void canceled(struct waiting *waiting)
{
	struct job *j = container_of(waiting, struct job, waiting);
	siginfo_t info;

	if (j->pidfd >= 0) {
		kernel_pidfd_send_signal(j->pidfd, SIGKILL);
		RETRY(waitid(P_PIDFD, (id_t)j->pidfd, &info, WEXITED));
	}
	release(j);
}

static int open_root(struct slice body, struct err *e)
{
	struct container *c = container_find(body, e);
	char path[32];
	int fd;

	if (!c)
		return -1;
	if (container_pidfd(c) < 0)
		return fail(e, ESRCH, "container %.32s is not running", c->id);
	/* The process can't have been replaced by another under the same number: it is ours and not reaped. */
	snprintf(path, sizeof(path), "%d/root", c->pid);
	fd = openat(procfs(), path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fail(e, errno, "root of %.32s", c->id) : fd;
}

static int submit(uint32_t id, struct slice body, job_fn run, uint16_t token_tag, bool in_container, struct err *e)
{
	struct slice unused;
	uint64_t token = 0;
	struct job *j;
	uint8_t *copy;

	if (token_tag && !find_u64(body, token_tag, &token))
		return fail(e, EINVAL, "stream");
	j = calloc(1, sizeof(*j));
	copy = malloc(body.len + 1);
	if (!j || !copy) {
		free(j);
		free(copy);
		return fail(e, ENOMEM, "job");
	}
	memcpy(copy, body.data, body.len);
	*j = (struct job){
		.waiting = { .id = id, .cancel = canceled },
		.want = { .token = token, .arrived = stream_arrived },
		.run = run,
		.body = { copy, body.len },
		.root = -1, .stream = -1, .pidfd = -1, .result = { .fd = -1 },
	};
	if (in_container && !find_slice(body, TAG_PLAN, &unused)) {
		j->root = open_root(body, e);
		if (j->root < 0)
			goto failed;
	}
	waiting_add(&j->waiting);
	if (token_tag) {
		stream_claim(&j->want);
		return 0;
	}
	if (start_worker(j, e) == 0)
		return 0;
	waiting_remove(&j->waiting);
failed:
	release(j);
	return -1;
}

/* ---------------------------------------------------------------- the jobs */

static void put_result(struct writer *reply, struct archive_result *result)
{
	put_u64(reply, TAG_ENTRIES, result->entries);
	put_u64(reply, TAG_BYTES, result->bytes);
	put_raw(reply, result->notes.data, result->notes.len);
	writer_free(&result->notes);
}

/* unpack_decoded() - The tar out of another process, which tells what it was. */
static int unpack_decoded(int stream, int dir, uint64_t flags, struct archive_result *result, struct writer *reply, struct err *e)
{
	struct decoded decoded;
	struct decoder tar;
	int status;

	status = decoder_start(&tar, stream, flags & UNPACK_GZIP, e);
	if (status == 0)
		status = archive_unpack(&tar.source, dir, "", flags, result, e);
	if (status == 0)
		status = decoder_result(&tar, &decoded, e);
	decoder_stop(&tar);
	if (status < 0)
		return -1;
	put_u64(reply, TAG_SIZE, decoded.size);
	put_bytes(reply, TAG_DIGEST, decoded.sha256, sizeof(decoded.sha256));
	return 0;
}

static int job_unpack(struct slice body, int stream, int root, struct writer *reply, struct err *e)
{
	struct archive_result result = { 0 };
	_close_ int dir = -1;
	char path[PATH_MAX];
	uint64_t flags = 0;

	(void)root;
	if (!find_text(body, TAG_PATH, path, sizeof(path)))
		return fail(e, EINVAL, "path");
	find_u64(body, TAG_FLAGS, &flags);
	if (mkdir(path, 0755) < 0)
		return fail(e, errno, "%s", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail(e, errno, "%s", path);
	if ((flags & (UNPACK_DIGEST | UNPACK_GZIP) ? unpack_decoded(stream, dir, flags, &result, reply, e) :
						     archive_unpack_read(stream, dir, "", flags, &result, e)) < 0)
		return -1;
	put_result(reply, &result);
	return 0;
}

static int job_inherit(struct slice body, int stream, int root, struct writer *reply, struct err *e)
{
	_close_ int dir = -1;
	char path[PATH_MAX];

	(void)stream;
	(void)root;
	(void)reply;
	if (!find_text(body, TAG_PATH, path, sizeof(path)))
		return fail(e, EINVAL, "path");
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail(e, errno, "%s", path);
	return implicit_dirs_inherit(dir, body, e);
}

static int job_pack(struct slice body, int stream, int root, struct writer *reply, struct err *e)
{
	struct archive_result result = { 0 };
	_close_ int dir = -1;
	char path[PATH_MAX];
	uint64_t mtime;

	(void)root;
	if (!find_text(body, TAG_PATH, path, sizeof(path)))
		return fail(e, EINVAL, "path");
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail(e, errno, "%s", path);
	if (archive_pack_layer(stream, dir, find_u64(body, TAG_MTIME, &mtime) ? (int64_t)mtime : -1, body, &result, e) < 0)
		return -1;
	put_result(reply, &result);
	return 0;
}

static int job_copy_in(struct slice body, int stream, int root, struct writer *reply, struct err *e)
{
	struct archive_result result = { 0 };
	char path[PATH_MAX];
	uint64_t flags = 0;

	if (!find_text(body, TAG_PATH, path, sizeof(path)))
		return fail(e, EINVAL, "path");
	find_u64(body, TAG_FLAGS, &flags);
	if (archive_unpack_read(stream, root, path, flags & ~(uint64_t)(UNPACK_LAYER | UNPACK_USERXATTR), &result, e) < 0)
		return -1;
	put_result(reply, &result);
	return 0;
}

static int job_copy_out(struct slice body, int stream, int root, struct writer *reply, struct err *e)
{
	struct archive_result result = { 0 };
	char path[PATH_MAX];
	uint64_t flags = 0;

	if (!find_text(body, TAG_PATH, path, sizeof(path)))
		return fail(e, EINVAL, "path");
	find_u64(body, TAG_FLAGS, &flags);
	if (archive_pack_path(stream, root, path, flags, &result, e) < 0)
		return -1;
	put_result(reply, &result);
	return 0;
}

static int job_read(struct slice body, int stream, int root, struct writer *reply, struct err *e)
{
	(void)stream;
	return read_files(body, root, reply, e);
}

static int job_remove(struct slice body, int stream, int root, struct writer *reply, struct err *e)
{
	char path[PATH_MAX], *slash;
	_close_ int parent = -1;

	(void)stream;
	(void)root;
	(void)reply;
	if (!find_text(body, TAG_PATH, path, sizeof(path)) || !(slash = strrchr(path, '/')) || slash == path || !slash[1])
		return fail(e, EINVAL, "path");
	*slash = 0;
	parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return fail(e, errno, "%s", path);
	return archive_remove_tree(parent, slash + 1, e);
}

int files_handle_unpack(uint32_t id, struct slice body, struct err *e)
{
	return submit(id, body, job_unpack, TAG_TOKEN_IN, false, e);
}

int files_handle_inherit(uint32_t id, struct slice body, struct err *e)
{
	return submit(id, body, job_inherit, 0, false, e);
}

int files_handle_pack(uint32_t id, struct slice body, struct err *e)
{
	return submit(id, body, job_pack, TAG_TOKEN_OUT, false, e);
}

int files_handle_copy_in(uint32_t id, struct slice body, struct err *e)
{
	return submit(id, body, job_copy_in, TAG_TOKEN_IN, true, e);
}

int files_handle_copy_out(uint32_t id, struct slice body, struct err *e)
{
	return submit(id, body, job_copy_out, TAG_TOKEN_OUT, true, e);
}

int files_handle_read(uint32_t id, struct slice body, struct err *e)
{
	return submit(id, body, job_read, 0, true, e);
}

int files_handle_remove(uint32_t id, struct slice body, struct err *e)
{
	_close_ int claim = -1;	/* until the name is free */
	char path[PATH_MAX];
	uint64_t flags = 0;

	if (hold_claim(body, &claim, e) < 0)
		return -1;
	find_u64(body, TAG_FLAGS, &flags);
	if (flags & 1) {
		if (!find_text(body, TAG_PATH, path, sizeof(path)))
			return fail(e, EINVAL, "path");
		if (trash_path(path, e) < 0)
			return -1;
		session_ok(id, NULL);
		return 0;
	}
	return submit(id, body, job_remove, 0, false, e);
}
