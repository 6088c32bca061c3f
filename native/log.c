/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "protocol.h"
#include "session.h"

#define HEADER 16

struct log_waiter {
	struct waiting waiting;
	struct log *log;
	struct log_waiter *next;
};

static void make_header(uint8_t header[HEADER], uint64_t first, uint32_t len, int stream, int partial)
{
	memset(header, 0, HEADER);
	memcpy(header, &first, 8);
	memcpy(header + 8, &len, 4);
	header[12] = (uint8_t)stream;
	header[13] = (uint8_t)partial;
}

/* begin_file() - A fresh file that starts at the current end. */
static int begin_file(struct log *log)
{
	uint8_t header[HEADER];
	int fd = open(log->path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -1;
	make_header(header, log->size, 0, 0, 0);
	if (RETRY(write(fd, header, HEADER)) != HEADER) {
		close(fd);
		return -1;
	}
	close_fdp(&log->fd);
	log->fd = fd;
	log->base = log->size;
	return 0;
}

/* go_on() - Continue the file of an earlier start. Return: false when there is none. */
static bool go_on(struct log *log)
{
	uint8_t header[HEADER];
	struct stat st;
	int fd = open(log->path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return false;
	if (fstat(fd, &st) < 0 || pread(fd, header, HEADER, 0) != HEADER || header[12] != 0) {
		close(fd);
		return false;
	}
	memcpy(&log->base, header, 8);
	log->size = log->base + (uint64_t)st.st_size - HEADER;
	log->fd = fd;
	return true;
}

int log_open(struct log *log, const char *path, uint64_t limit, struct err *e)
{
	*log = (struct log){ .fd = -1, .limit = limit, .path = strdup(path) };
	if (!log->path)
		return fail(e, ENOMEM, "log");
	if (!go_on(log) && begin_file(log) < 0)
		return fail(e, errno, "%s", path);
	return 0;
}

static void rotate(struct log *log)
{
	char old[4096];

	if (snprintf(old, sizeof(old), "%s.1", log->path) >= (int)sizeof(old))
		return;
	if (rename(log->path, old) == 0)
		begin_file(log);
}

static void answer(uint32_t id, const struct log *log)
{
	struct writer w = { 0 };

	put_u64(&w, TAG_SIZE, log->size);
	put_u64(&w, TAG_FLAGS, log->complete);
	session_ok(id, &w);
}

static void answer_all(struct log *log)
{
	while (log->waiters) {
		struct log_waiter *w = log->waiters;

		log->waiters = w->next;
		waiting_remove(&w->waiting);
		answer(w->waiting.id, log);
		free(w);
	}
}

void log_append(struct log *log, int stream, const uint8_t *data, size_t len)
{
	uint8_t header[HEADER];
	struct iovec iov[2] = { { header, HEADER }, { (void *)(uintptr_t)data, len } };
	struct timespec now;
	off_t end;

	if (log->fd < 0 || len == 0)
		return;
	if (log->limit && log->size - log->base + HEADER + len > log->limit / 2 && log->size > log->base)
		rotate(log);
	clock_gettime(CLOCK_REALTIME, &now);
	make_header(header, (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec, (uint32_t)len, stream, data[len - 1] != '\n');
	if (RETRY(writev(log->fd, iov, 2)) == (ssize_t)(HEADER + len)) {
		log->size += HEADER + len;
	} else {
		/* A record cut short by a full disk would make nonsense of all that follow. */
		end = (off_t)(log->size - log->base + HEADER);
		if (ftruncate(log->fd, end) < 0)
			return;
	}
	answer_all(log);
}

void log_complete(struct log *log)
{
	log->complete = true;
	answer_all(log);
}

static void canceled(struct waiting *waiting)
{
	struct log_waiter *w = container_of(waiting, struct log_waiter, waiting);

	for (struct log_waiter **at = &w->log->waiters; *at; at = &(*at)->next) {
		if (*at != w)
			continue;
		*at = w->next;
		break;
	}
	free(w);
}

int log_wait(struct log *log, uint32_t id, uint64_t offset, struct err *e)
{
	struct log_waiter *w;

	if (log->size > offset || log->complete) {
		answer(id, log);
		return 0;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return fail(e, ENOMEM, "log wait");
	w->waiting = (struct waiting){ .id = id, .cancel = canceled };
	w->log = log;
	w->next = log->waiters;
	log->waiters = w;
	waiting_add(&w->waiting);
	return 0;
}

void log_close(struct log *log)
{
	log_complete(log);
	close_fdp(&log->fd);
	log->fd = -1;
	free(log->path);
	log->path = NULL;
}
