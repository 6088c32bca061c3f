/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's log: one file of records, each a 16-byte header and the bytes as they were read,
 *
 *     u64 nanoseconds since the epoch | u32 length | u8 stream (1 stdout, 2 stderr) | u8 1 when no newline ends it | u16 0
 *
 * Offsets count the bytes of records since the first start, through rotations: a file begins with a header of stream 0
 * whose first field is the offset at which it goes on. When a file reaches half of the limit it is renamed to NAME.1,
 * replacing the one before, so that at most the limit is kept and a reader that holds the old file can finish it.
 */
#ifndef CAISSON_LOG_H
#define CAISSON_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define LOG_STDOUT 1
#define LOG_STDERR 2

struct log {
	int fd;
	char *path;
	uint64_t base, size, limit;	/* offset of the file's start and of its end; bytes kept */
	bool complete;			/* nobody writes any more */
	struct log_waiter *waiters;
};

/* log_open() - Make the file, or go on with the one that is there. */
int log_open(struct log *log, const char *path, uint64_t limit, struct err *e);

/* log_append() - Errors are swallowed: a full disk must not stop the container. */
void log_append(struct log *log, int stream, const uint8_t *data, size_t len);

/* log_complete() - Answers all who wait for more. */
void log_complete(struct log *log);

/* log_wait() - Answer request @id once the log is longer than @offset, or complete. */
int log_wait(struct log *log, uint32_t id, uint64_t offset, struct err *e);

void log_close(struct log *log);

#endif
