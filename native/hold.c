/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hold.h"
#include "ofd_lock.h"
#include "protocol.h"
#include "session.h"

/*
 * Whoever claims a file does so for the length of one rename. Its holder can be waited for in no other way without
 * blocking for as long as that process may be stopped.
 */
#define CLAIM_TRIES 50
#define CLAIM_STEP_NS 100000

struct hold {
	int fd;
	struct hold *next;
	char path[];
};

static struct hold *holds;

static struct hold **find(const char *path)
{
	struct hold **at = &holds;

	while (*at && strcmp((*at)->path, path))
		at = &(*at)->next;
	return at;
}

/* take() - Open and lock a file. Return: descriptor, or -1 with errno (EAGAIN: the lock is somebody else's). */
static int take(const char *path, int flags, short type)
{
	_close_ int fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || ofd_lock(fd, type) < 0)
		return -1;
	if (!ofd_is_current(fd, path)) {
		errno = ENOENT;
		return -1;
	}
	return steal_fd(&fd);
}

static int take_shared(const char *path)
{
	int fd = take(path, O_RDONLY, F_RDLCK);

	for (int tries = 0; fd < 0 && ofd_is_taken(errno) && tries < CLAIM_TRIES; tries++) {
		nanosleep(&(struct timespec){ .tv_nsec = CLAIM_STEP_NS }, NULL);
		fd = take(path, O_RDONLY, F_RDLCK);
	}
	return fd;
}

int hold_handle_hold(uint32_t id, struct slice body, struct err *e)
{
	char path[PATH_MAX];
	struct hold *h;

	if (!find_text(body, TAG_PATH, path, sizeof(path)))
		return fail(e, EINVAL, "path");
	if (*find(path))
		return fail(e, EALREADY, "%s is held already", path);
	h = malloc(sizeof(*h) + strlen(path) + 1);
	if (!h)
		return fail(e, ENOMEM, "hold");
	h->fd = take_shared(path);
	if (h->fd < 0) {
		fail(e, errno, "%s", path);
		free(h);
		return -1;
	}
	strcpy(h->path, path);
	h->next = holds;
	holds = h;
	session_ok(id, NULL);
	return 0;
}

int hold_handle_let_go(uint32_t id, struct slice body, struct err *e)
{
	char path[PATH_MAX];
	struct hold **at, *h;

	if (!find_text(body, TAG_PATH, path, sizeof(path)))
		return fail(e, EINVAL, "path");
	at = find(path);
	h = *at;
	if (!h)
		return fail(e, ENOENT, "%s is not held", path);
	*at = h->next;
	/* Not by closing alone: a process that was just cloned has the description open until it executes something. */
	ofd_lock(h->fd, F_UNLCK);
	close(h->fd);
	free(h);
	session_ok(id, NULL);
	return 0;
}

/* is_held() - By anybody; what is not there, or can't be read, is not. */
static bool is_held(const char *path)
{
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && fcntl(fd, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

int hold_handle_held(uint32_t id, struct slice body, struct err *e)
{
	struct reader r = reader_of(body);
	struct writer reply = { 0 };
	char path[PATH_MAX];
	struct field f;

	while (read_field(&r, &f)) {
		if (f.tag != TAG_PATH)
			continue;
		if (!slice_text(f.value, path, sizeof(path))) {
			writer_free(&reply);
			return fail(e, EINVAL, "path");
		}
		put_u64(&reply, TAG_HELD, is_held(path));
	}
	session_ok(id, &reply);
	return 0;
}

int hold_claim(struct slice body, int *claim, struct err *e)
{
	char path[PATH_MAX];
	struct slice s;

	if (!find_slice(body, TAG_LOCK, &s))
		return 0;
	if (!slice_text(s, path, sizeof(path)))
		return fail(e, EINVAL, "lock");
	*claim = take(path, O_RDWR, F_WRLCK);
	if (*claim < 0)
		return fail(e, ofd_is_taken(errno) ? EBUSY : errno, "%s", path);
	return 0;
}
