/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decoder.h"
#include "gzip.h"
#include "kernel.h"
#include "loop.h"
#include "spawn.h"

/* What the process works with; made before it is forked: later it can't get memory. */
struct work {
	struct ring ring;
	int in;
	bool gzip;
	struct output output;
	struct sha256 hash;
	struct inflate inflate;
	struct input input;
};

static int gone(struct err *e)
{
	return fail(e, EPIPE, "nobody wants the archive any more");
}

/* hand_over() - Hashed while they are in the processor's cache. */
static int hand_over(struct output *out, struct err *e)
{
	struct work *w = container_of(out, struct work, output);
	size_t written = (size_t)(out->at - out->room);

	sha256_update(&w->hash, out->room, written);
	out->written += written;
	out->room = out->at = ring_room(&w->ring, written);
	if (!out->room)
		return gone(e);
	out->limit = out->room + RING_CHUNK;
	return 0;
}

static int copy(struct work *w, struct err *e)
{
	struct output *out = &w->output;
	ssize_t n;

	while ((n = RETRY(read(w->in, out->at, (size_t)(out->limit - out->at)))) > 0) {
		out->at += n;
		if (out->at == out->limit && hand_over(out, e) < 0)
			return -1;
	}
	return n < 0 ? fail(e, errno, "read archive") : 0;
}

static int decode(struct work *w, struct err *e)
{
	struct output *out = &w->output;

	sha256_init(&w->hash);
	inflate_init(&w->inflate);
	out->room = out->at = ring_room(&w->ring, 0);
	if (!out->room)
		return gone(e);
	out->limit = out->room + RING_CHUNK;
	if ((w->gzip ? gzip_decode(&w->inflate, &w->input, out, e) : copy(w, e)) < 0)
		return -1;
	return hand_over(out, e);
}

static int run(void *context)
{
	struct work *w = context;
	struct decoded result;
	struct err e = ERR_INIT;
	int failed;

	/*
	 * A decompressor reads what strangers wrote. From here on read, write and exit is all that the kernel does for this
	 * process; under a filter of the host's that can't be had, and the process is what it would be without.
	 */
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	failed = decode(w, &e) < 0;
	result.size = w->output.written;
	sha256_final(&w->hash, result.sha256);
	ring_end(&w->ring, failed ? &e : NULL, &result, sizeof(result));
	/* exit_group(2) is not allowed any more. */
	syscall(SYS_exit, 0);
	return 0;
}

static int more(struct tar_source *source, size_t used, struct err *e)
{
	struct decoder *d = container_of(source, struct decoder, source);
	ssize_t n = ring_data(&d->ring, used, source->len - used, &source->data, e);

	source->len = n > 0 ? (size_t)n : source->len - used;
	return n < 0 ? -1 : n > 0;
}

int decoder_start(struct decoder *d, int in, bool gzip, struct err *e)
{
	struct work *w = calloc(1, sizeof(*w));
	int writer = -1;
	pid_t pid;

	*d = (struct decoder){ .source = { .more = more }, .ring = { .peer = -1 }, .pidfd = -1 };
	if (!w)
		return fail(e, ENOMEM, "decoder");
	if (ring_open(&d->ring, &writer, e) < 0) {
		free(w);
		return -1;
	}
	w->ring = d->ring;
	w->ring.peer = writer;
	w->in = in;
	w->gzip = gzip;
	w->output.more = hand_over;
	w->input.read = read_descriptor;
	w->input.context = &w->in;
	w->input.next = w->input.end = w->input.buffer;
	pid = spawn_worker((int *[]){ &w->in, &w->ring.peer }, 2, run, w, &d->pidfd);
	close(writer);
	free(w);
	return pid < 0 ? fail(e, errno, "decoder") : 0;
}

int decoder_result(const struct decoder *d, struct decoded *result, struct err *e)
{
	return ring_note(&d->ring, result, sizeof(*result)) ? 0 : fail(e, EPROTO, "the archive's decoder says nothing");
}

void decoder_stop(struct decoder *d)
{
	siginfo_t info;

	if (d->pidfd >= 0) {
		kernel_pidfd_send_signal(d->pidfd, SIGKILL);
		RETRY(waitid(P_PIDFD, (id_t)d->pidfd, &info, WEXITED));
	}
	close_fdp(&d->pidfd);
	ring_close(&d->ring);
	d->pidfd = -1;
}
