/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container_table.h"
#include "hello.h"
#include "plan.h"
#include "protocol.h"
#include "session.h"
#include "stream.h"
#include "trash.h"
#include "warden.h"

static int sessions = -1;	/* the directory that holds ours */
static char name[NAME_MAX + 1];
static int list = -1;		/* of its cgroups */

static int check_version(struct slice body, struct err *e)
{
	uint64_t version = 0;

	find_u64(body, TAG_VERSION, &version);
	if (version != PROTOCOL_VERSION)
		return fail(e, EPROTO, "protocol version %llu, this supervisor speaks %d", (unsigned long long)version, PROTOCOL_VERSION);
	return 0;
}

static int open_sessions(struct slice body, struct err *e)
{
	char path[PATH_MAX], *slash;

	if (!find_text(body, TAG_PATH, path, sizeof(path)) || !(slash = strrchr(path, '/')) || !slash[1] || strlen(slash + 1) > NAME_MAX)
		return fail(e, EINVAL, "session directory");
	strcpy(name, slash + 1);
	*slash = 0;
	sessions = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return sessions < 0 ? fail(e, errno, "%s", path) : 0;
}

/* The lock is taken before it gets its name, so that no sweep can find it free. */
static int make_lock(int dir, struct err *e)
{
	int lock = openat(dir, "lock.new", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0 || renameat(dir, "lock.new", dir, "lock") < 0)
		return fail(e, errno, "session lock");
	return lock;
}

static int list_cgroups(int dir, struct slice body, struct err *e)
{
	struct reader r = reader_of(body);
	struct field f;

	list = openat(dir, "cgroups", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (list < 0)
		return fail(e, errno, "list of cgroups");
	while (read_field(&r, &f))
		if (f.tag == TAG_CGROUP && (write_once(list, f.value) < 0 || write_once(list, (struct slice){ (const uint8_t *)"\n", 1 }) < 0))
			return fail(e, errno, "list of cgroups");
	return 0;
}

static int make_session(struct slice body, struct writer *reply, struct err *e)
{
	static const char *const parts[] = { "containers", "trash", "mnt" };
	_close_ int dir = -1;
	int lock;

	if (mkdirat(sessions, name, 0700) < 0)
		return fail(e, errno, "session directory %.60s", name);
	dir = openat(sessions, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail(e, errno, "session directory");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (mkdirat(dir, parts[i], 0755) < 0)
			return fail(e, errno, "%s", parts[i]);
	lock = make_lock(dir, e);	/* held for as long as this process and the warden live */
	if (lock < 0 || list_cgroups(dir, body, e) < 0 || warden_start(sessions, name, lock, list, e) < 0)
		return -1;
	trash_init(dir);
	return stream_listen(dir, e) < 0 ? -1 : container_prepare(body, reply, e);
}

int hello_handle(uint32_t id, struct slice body, struct err *e)
{
	struct writer reply = { 0 };

	if (sessions >= 0)
		return fail(e, EALREADY, "said hello already");
	put_u64(&reply, TAG_VERSION, PROTOCOL_VERSION);
	put_u64(&reply, TAG_PID, (uint64_t)getpid());
	if (check_version(body, e) < 0 || open_sessions(body, e) < 0 || make_session(body, &reply, e) < 0) {
		writer_free(&reply);
		return -1;
	}
	session_ok(id, &reply);
	return 0;
}

void hello_end(void)
{
	if (sessions >= 0)
		warden_session_end(sessions, name, list);
}
