/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ring.h"

/* A side that waits does so for much: waking the other one for every piece would cost more than the piece. */
#define READ_BATCH (2 * RING_CHUNK)
#define ROOM_BATCH (RING_SIZE / 2)

#define NOTE_MAX 64
#define NOBODY UINT64_MAX
#define CACHE_LINE 64

enum { RUNNING, ENDED, FAILED };

/* Positions count from the beginning and never wrap. The *_wanted are those at which the other side wants to be woken. */
struct ring_shared {
	alignas(CACHE_LINE) _Atomic uint64_t written;
	_Atomic uint64_t taken_wanted;
	alignas(CACHE_LINE) _Atomic uint64_t taken;
	_Atomic uint64_t written_wanted;
	alignas(CACHE_LINE) _Atomic int state;
	struct err failure;
	size_t note_len;
	uint8_t note[NOTE_MAX];
};

int ring_open(struct ring *r, int *writer, struct err *e)
{
	const int protection = PROT_READ | PROT_WRITE;
	int pair[2];

	*r = (struct ring){ .peer = -1 };
	r->memory = mmap(NULL, 2 * RING_SIZE, protection, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r->memory == MAP_FAILED) {
		r->memory = NULL;
		return fail(e, errno, "memory for an archive");
	}
	/* An old size of 0 maps the same pages once more (mremap(2)). */
	if (mremap(r->memory, 0, RING_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, r->memory + RING_SIZE) == MAP_FAILED)
		return fail(e, errno, "memory for an archive");
	r->shared = mmap(NULL, sizeof(*r->shared), protection, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r->shared == MAP_FAILED) {
		r->shared = NULL;
		return fail(e, errno, "memory for an archive");
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(e, errno, "socket pair");
	r->shared->taken_wanted = r->shared->written_wanted = NOBODY;
	r->peer = pair[0];
	*writer = pair[1];
	return 0;
}

void ring_close(struct ring *r)
{
	if (r->memory)
		munmap(r->memory, 2 * RING_SIZE);
	if (r->shared)
		munmap(r->shared, sizeof(*r->shared));
	close_fdp(&r->peer);
	*r = (struct ring){ .peer = -1 };
}

/* wait_byte() - Return: false when the other side is gone. */
static bool wait_byte(const struct ring *r)
{
	uint8_t bytes[16];

	return RETRY(read(r->peer, bytes, sizeof(bytes))) > 0;
}

/* ---------------------------------------------------------------- the writer */

static void publish_written(struct ring *r, uint64_t position)
{
	uint64_t wanted;

	r->position = position;
	atomic_store(&r->shared->written, position);
	wanted = atomic_load(&r->shared->written_wanted);
	if (position >= wanted && atomic_compare_exchange_strong(&r->shared->written_wanted, &wanted, NOBODY))
		RETRY(write(r->peer, "", 1));
}

static uint64_t room(const struct ring *r)
{
	uint64_t unread = r->position - atomic_load(&r->shared->taken);

	return unread > RING_SIZE - RING_KEPT ? 0 : RING_SIZE - RING_KEPT - unread;
}

uint8_t *ring_room(struct ring *r, size_t written)
{
	size_t offset;

	publish_written(r, r->position + written);
	while (room(r) < RING_CHUNK) {
		atomic_store(&r->shared->taken_wanted, r->position + ROOM_BATCH + RING_KEPT - RING_SIZE);
		if (room(r) < RING_CHUNK && !wait_byte(r))
			return NULL;
		atomic_store(&r->shared->taken_wanted, NOBODY);
	}
	offset = r->position % RING_SIZE;
	/* Where the kept bytes are before it, and RING_CHUNK behind it. */
	return r->memory + (offset < RING_KEPT ? offset + RING_SIZE : offset);
}

void ring_end(struct ring *r, const struct err *e, const void *note, size_t len)
{
	if (e)
		r->shared->failure = *e;
	r->shared->note_len = len < NOTE_MAX ? len : NOTE_MAX;
	memcpy(r->shared->note, note, r->shared->note_len);
	atomic_store(&r->shared->state, e ? FAILED : ENDED);
	/* Whatever it waits for, more won't come. */
	atomic_store(&r->shared->written_wanted, NOBODY);
	RETRY(write(r->peer, "", 1));
}

/* ---------------------------------------------------------------- the reader */

static void publish_taken(struct ring *r, uint64_t position)
{
	uint64_t wanted;

	r->position = position;
	atomic_store(&r->shared->taken, position);
	wanted = atomic_load(&r->shared->taken_wanted);
	if (position >= wanted && atomic_compare_exchange_strong(&r->shared->taken_wanted, &wanted, NOBODY))
		/* Not write(2): a writer that was killed must not take the reader along by SIGPIPE. */
		RETRY(send(r->peer, "", 1, MSG_NOSIGNAL));
}

static int failure(const struct ring *r, struct err *e)
{
	*e = r->shared->failure;
	e->text[sizeof(e->text) - 1] = e->entry[sizeof(e->entry) - 1] = 0;
	return -1;
}

ssize_t ring_data(struct ring *r, size_t used, size_t have, const uint8_t **data, struct err *e)
{
	publish_taken(r, r->position + used);
	for (;;) {
		/* The state first: what was written before the end is seen with it. */
		int state = atomic_load(&r->shared->state);
		uint64_t unread = atomic_load(&r->shared->written) - r->position;

		if (unread > RING_SIZE)
			return fail(e, EPROTO, "the archive's decoder writes nonsense");
		*data = r->memory + r->position % RING_SIZE;
		if (unread > have)
			return (ssize_t)(unread < have + READ_BATCH ? unread : have + READ_BATCH);
		if (state != RUNNING)
			return state == FAILED ? failure(r, e) : 0;
		atomic_store(&r->shared->written_wanted, r->position + have + READ_BATCH);
		if (atomic_load(&r->shared->written) - r->position <= have && atomic_load(&r->shared->state) == RUNNING && !wait_byte(r))
			return fail(e, ECHILD, "the archive's decoder was killed");
		atomic_store(&r->shared->written_wanted, NOBODY);
	}
}

bool ring_note(const struct ring *r, void *note, size_t len)
{
	if (atomic_load(&r->shared->state) != ENDED || r->shared->note_len != len)
		return false;
	memcpy(note, r->shared->note, len);
	return true;
}
