/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of cgroup v2 announce that they have changed (POLLPRI); those of v1 don't, and have to be looked at again: every
 * millisecond, as freezing takes that long and no longer, unless a process sits in the kernel.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "await_file.h"
#include "loop.h"
#include "protocol.h"
#include "session.h"

#define LOOK_AGAIN 1
#define LOOK_AGAIN_US 1000
#define LINE_SIZE 64

struct await {
	struct waiting waiting;
	struct watch watch;	/* the file that tells */
	struct timer timer;
	char wanted[LINE_SIZE];
};

static void release(struct await *a)
{
	timer_cancel(&a->timer);
	watch_close(&a->watch);
	free(a);
}

static void canceled(struct waiting *waiting)
{
	release(container_of(waiting, struct await, waiting));
}

/* says() - Whether one of a file's lines is @wanted. Return: 1, 0, or -1 with errno. */
static int says(int fd, const char *wanted)
{
	char content[1024], *save = NULL;
	ssize_t n = RETRY(pread(fd, content, sizeof(content) - 1, 0));

	if (n < 0)
		return -1;
	content[n] = 0;
	for (char *line = strtok_r(content, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!strcmp(line, wanted))
			return 1;
	return 0;
}

/* look() - Return: false once the request is answered and @a is gone. */
static bool look(struct await *a)
{
	int r = says(a->watch.fd, a->wanted);
	struct err e = ERR_INIT;

	if (r == 0)
		return true;
	waiting_remove(&a->waiting);
	if (r > 0) {
		session_ok(a->waiting.id, NULL);
	} else {
		fail(&e, errno, "wait for \"%s\"", a->wanted);
		session_error(a->waiting.id, &e);
	}
	release(a);
	return false;
}

static void changed(struct watch *w, uint32_t events)
{
	(void)events;
	look(container_of(w, struct await, watch));
}

static void again(struct timer *t)
{
	struct await *a = container_of(t, struct await, timer);

	if (look(a))
		timer_arm(&a->timer, LOOK_AGAIN_US);
}

static int write_file(const char *path, struct slice data, struct err *e)
{
	_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || RETRY(write(fd, data.data, data.len)) < 0 ? fail(e, errno, "write %.120s", path) : 0;
}

int await_file_handle(uint32_t id, struct slice body, struct err *e)
{
	_free_ struct await *fresh = calloc(1, sizeof(*fresh));
	char path[PATH_MAX], watched[PATH_MAX];
	struct await *a = fresh;
	uint64_t flags = 0;
	struct slice data;

	if (!a)
		return fail(e, ENOMEM, "wait");
	if (!find_text(body, TAG_PATH, path, sizeof(path)) || !find_slice(body, TAG_DATA, &data) ||
	    !find_text(body, TAG_WATCHED, watched, sizeof(watched)) || !find_text(body, TAG_TEXT, a->wanted, sizeof(a->wanted)))
		return fail(e, EINVAL, "a file to write, and one to wait for");
	find_u64(body, TAG_FLAGS, &flags);
	if (write_file(path, data, e) < 0)
		return -1;
	a->watch = (struct watch){ .fd = open(watched, O_RDONLY | O_CLOEXEC), .ready = changed };
	if (a->watch.fd < 0)
		return fail(e, errno, "open %.120s", watched);
	fresh = NULL;
	a->timer.fire = again;
	a->waiting = (struct waiting){ .id = id, .cancel = canceled };
	waiting_add(&a->waiting);
	/* Reading comes before waiting: it tells the kernel which state is known already. */
	if (!look(a))
		return 0;
	if (flags & LOOK_AGAIN) {
		timer_arm(&a->timer, LOOK_AGAIN_US);
	} else if (watch_set(&a->watch, EPOLLPRI) < 0) {
		fail(e, errno, "epoll");
		waiting_remove(&a->waiting);
		release(a);
		return -1;
	}
	return 0;
}
