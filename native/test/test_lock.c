/* SPDX-License-Identifier: Apache-2.0 */
/* Exclusive locks, through the requests. The other session is a process of its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lock.h"
#include "ofd_lock.h"
#include "protocol.h"
#include "session_stub.h"
#include "turn.h"

static char path[64];

static void begin(void)
{
	static bool looping;

	if (!looping)
		CHECK_INT(loop_init(), 0);
	looping = true;
	session_clear();
	snprintf(path, sizeof(path), "/tmp/test-lock-%d", getpid());
}

/* ask() - Return: 0, or the errno of the refusal. */
static int ask(handler_fn handler, uint64_t flags)
{
	struct writer body = { 0 };
	struct err e = ERR_INIT;
	int r;

	session_clear();
	put_text(&body, TAG_PATH, path);
	put_u64(&body, TAG_FLAGS, flags);
	r = handler(1, slice_of(&body), &e);
	writer_free(&body);
	return r < 0 ? e.no : 0;
}

static bool is_there(void)
{
	return access(path, F_OK) == 0;
}

/* another() - A process that has the lock until it is killed, or until it reads from @go: then it removes the file first. */
static pid_t another(int *go)
{
	int ready[2], told[2];
	pid_t pid;
	char c;

	CHECK_INT(pipe(ready), 0);
	CHECK_INT(pipe(told), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		close(told[1]);
		CHECK_INT(ofd_lock(fd, F_WRLCK), 0);
		CHECK_INT(write(ready[1], "x", 1), 1);
		CHECK_INT(read(told[0], &c, 1), 1);
		unlink(path);
		_exit(0);
	}
	CHECK_INT(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	close(told[0]);
	*go = told[1];
	return pid;
}

TEST(a_lock_is_had_once_and_leaves_no_file)
{
	int before;

	begin();
	before = open_descriptors();
	CHECK_INT(ask(lock_handle_lock, 0), 0);
	CHECK_INT(session.ok_id, 1);
	CHECK_INT(ask(lock_handle_lock, 0), EALREADY);
	CHECK_INT(ask(lock_handle_unlock, 0), 0);
	CHECK(!is_there());
	CHECK_INT(ask(lock_handle_unlock, 0), ENOENT);
	close(open(path, O_CREAT | O_WRONLY, 0600)); /* left by a session that was killed */
	CHECK_INT(ask(lock_handle_lock, 1), 0);
	CHECK_INT(ask(lock_handle_unlock, 0), 0);
	CHECK_INT(open_descriptors(), before);
}

TEST(it_is_waited_for_until_its_holder_dies)
{
	int before, go;
	pid_t pid;

	begin();
	before = open_descriptors();
	pid = another(&go);
	CHECK_INT(ask(lock_handle_lock, 1), EAGAIN);
	CHECK_INT(ask(lock_handle_lock, 0), 0);
	turn_loop(20000);
	CHECK_INT(session.ok_id, 0);
	CHECK_INT(ask(lock_handle_unlock, 0), ENOENT);
	kill(pid, SIGKILL);
	EVENTUALLY(session.ok_id == 1);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	close(go);
	CHECK_INT(ask(lock_handle_unlock, 0), 0);
	CHECK_INT(open_descriptors(), before);
}

TEST(a_file_that_its_holder_removes_is_made_anew)
{
	int go;
	pid_t pid;

	begin();
	pid = another(&go);
	CHECK_INT(ask(lock_handle_lock, 0), 0);
	turn_loop(5000);
	CHECK_INT(write(go, "x", 1), 1);
	EVENTUALLY(session.ok_id == 1);
	CHECK(is_there());
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	close(go);
	CHECK_INT(ask(lock_handle_unlock, 0), 0);
	CHECK(!is_there());
}

TEST(whoever_gives_up_waiting_leaves_no_worker)
{
	int before, go;
	pid_t pid;

	begin();
	before = open_descriptors();
	pid = another(&go);
	CHECK_INT(ask(lock_handle_lock, 0), 0);
	CHECK(session.waiting != NULL);
	session.waiting->cancel(session.waiting);
	session.waiting = NULL;
	kill(pid, SIGKILL);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
	close(go);
	CHECK_INT(ask(lock_handle_lock, 1), 0);
	CHECK_INT(ask(lock_handle_unlock, 0), 0);
	CHECK_INT(open_descriptors(), before);
}

TEST(whoever_has_it_is_waited_for_and_nobody_after)
{
	int before, go;
	pid_t pid;

	begin();
	before = open_descriptors();
	CHECK_INT(ask(lock_handle_await_unlock, 0), 0);
	CHECK_INT(session.ok_id, 1);
	CHECK(!is_there());
	CHECK_INT(ask(lock_handle_lock, 0), 0);
	CHECK_INT(ask(lock_handle_await_unlock, 0), 0);
	turn_loop(20000);
	CHECK_INT(session.ok_id, 0);
	session.waiting->cancel(session.waiting);
	session.waiting = NULL;
	CHECK_INT(ask(lock_handle_unlock, 0), 0);
	pid = another(&go);
	CHECK_INT(ask(lock_handle_await_unlock, 0), 0);
	turn_loop(20000);
	CHECK_INT(session.ok_id, 0);
	CHECK_INT(write(go, "x", 1), 1);
	EVENTUALLY(session.ok_id == 1);
	CHECK(!is_there());
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	close(go);
	/* A file that nobody has locked stays as it is. */
	close(open(path, O_CREAT | O_WRONLY, 0600));
	CHECK_INT(ask(lock_handle_await_unlock, 0), 0);
	CHECK_INT(session.ok_id, 1);
	CHECK(is_there());
	unlink(path);
	CHECK_INT(open_descriptors(), before);
}

TEST(what_is_no_plain_file_is_refused)
{
	begin();
	CHECK_INT(symlink("/etc/passwd", path), 0);
	CHECK_INT(ask(lock_handle_lock, 0), ELOOP);
	unlink(path);
	CHECK_INT(mkdir(path, 0700), 0);
	CHECK_INT(ask(lock_handle_lock, 0), EISDIR);
	rmdir(path);
	strcpy(path, "/nonexistent/lock");
	CHECK_INT(ask(lock_handle_lock, 0), ENOENT);
}
