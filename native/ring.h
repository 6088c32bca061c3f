/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes from one process to another through memory that both have: no copy, and no system call while neither waits.
 * The writer's last RING_KEPT bytes stay readable to it: a decompressor writes here and looks back.
 *
 * Each side keeps its own position to itself and believes nothing of the other's that doesn't fit.
 */
#ifndef CAISSON_RING_H
#define CAISSON_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

#define RING_SIZE (1u << 20)
#define RING_KEPT (32u << 10)
#define RING_CHUNK (64u << 10)	/* what is handed over at a time */

struct ring_shared;

struct ring {
	uint8_t *memory;	/* RING_SIZE bytes twice in a row: what crosses the end is in one piece nevertheless */
	struct ring_shared *shared;
	int peer;		/* this side's end of a socket pair: a byte wakes, the end tells that the other is gone */
	uint64_t position;	/* this side's */
};

/* ring_open() - For the reader, before it forks the writer. @writer: what is to be the writer's @peer. */
int ring_open(struct ring *r, int *writer, struct err *e);
void ring_close(struct ring *r);

/*
 * ring_room() - Hand over @written bytes more, and wait for room. Uses read(2) and write(2) alone.
 * Return: RING_CHUNK writable bytes behind what was written so far; NULL when the reader is gone.
 */
uint8_t *ring_room(struct ring *r, size_t written);

/* ring_end() - The writer's last words. @e: NULL when all is well. @note: bytes for ring_note(). */
void ring_end(struct ring *r, const struct err *e, const void *note, size_t len);

/*
 * ring_data() - Let go of @used bytes at the reader's position; wait until there are more than @have.
 * Return: bytes at @data, 0 when the writer has ended and there are no more than @have, -1 with @e when it failed.
 */
ssize_t ring_data(struct ring *r, size_t used, size_t have, const uint8_t **data, struct err *e);

/* ring_note() - After the end. Return: false unless there is one of that length. */
bool ring_note(const struct ring *r, void *note, size_t len);

#endif
