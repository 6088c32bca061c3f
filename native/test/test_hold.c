/* SPDX-License-Identifier: Apache-2.0 */
/* Locks on shared things, through the requests. The other session is a process of its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hold.h"
#include "protocol.h"
#include "session_stub.h"

static char path[64];

static void begin(void)
{
	int fd;

	session_clear();
	strcpy(path, "/tmp/test-hold-XXXXXX");
	fd = mkstemp(path);
	CHECK(fd >= 0);
	close(fd);
}

static void end(void)
{
	session_clear();
	unlink(path);
}

/* ask() - Return: 0, or the errno of the refusal. */
static int ask(handler_fn handler, const char *name)
{
	struct writer body = { 0 };
	struct err e = ERR_INIT;
	int r;

	session_clear();
	put_text(&body, TAG_PATH, name);
	r = handler(1, slice_of(&body), &e);
	writer_free(&body);
	return r < 0 ? e.no : 0;
}

static bool is_held(void)
{
	uint64_t held = 2;

	CHECK_INT(ask(hold_handle_held, path), 0);
	CHECK(find_u64(slice_of(&session.reply), TAG_HELD, &held));
	return held == 1;
}

static int claim(void)
{
	struct writer body = { 0 };
	struct err e = ERR_INIT;
	int fd = -1, r;

	put_text(&body, TAG_LOCK, path);
	r = hold_claim(slice_of(&body), &fd, &e);
	writer_free(&body);
	close_fdp(&fd);
	return r < 0 ? e.no : 0;
}

/* another() - A session that holds the file until it is killed. */
static pid_t another(void)
{
	int ready[2];
	pid_t pid;
	char c;

	CHECK_INT(pipe(ready), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		CHECK_INT(ask(hold_handle_hold, path), 0);
		CHECK_INT(write(ready[1], "x", 1), 1);
		pause();
		_exit(0);
	}
	CHECK_INT(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

TEST(a_held_file_is_nobodys_to_claim_until_it_is_let_go)
{
	int before = open_descriptors();

	begin();
	CHECK(!is_held());
	CHECK_INT(claim(), 0);
	CHECK_INT(ask(hold_handle_hold, path), 0);
	CHECK(is_held());
	CHECK_INT(claim(), EBUSY);
	CHECK_INT(ask(hold_handle_hold, path), EALREADY);
	CHECK_INT(ask(hold_handle_let_go, path), 0);
	CHECK(!is_held());
	CHECK_INT(claim(), 0);
	CHECK_INT(ask(hold_handle_let_go, path), ENOENT);
	end();
	CHECK_INT(open_descriptors(), before);
}

TEST(a_child_that_was_cloned_meanwhile_keeps_nothing_held)
{
	pid_t pid;

	begin();
	CHECK_INT(ask(hold_handle_hold, path), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	CHECK_INT(ask(hold_handle_let_go, path), 0);
	CHECK_INT(claim(), 0);
	kill(pid, SIGKILL);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	end();
}

TEST(two_sessions_hold_one_file_and_death_lets_go)
{
	pid_t pid;

	begin();
	pid = another();
	CHECK(is_held());
	CHECK_INT(ask(hold_handle_hold, path), 0);
	CHECK_INT(ask(hold_handle_let_go, path), 0);
	CHECK(is_held());
	CHECK_INT(claim(), EBUSY);
	kill(pid, SIGKILL);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	CHECK(!is_held());
	CHECK_INT(claim(), 0);
	end();
}

TEST(what_is_not_there_or_is_a_link_is_not_held)
{
	begin();
	unlink(path);
	CHECK(!is_held());
	CHECK_INT(ask(hold_handle_hold, path), ENOENT);
	CHECK_INT(claim(), ENOENT);
	CHECK_INT(symlink("/etc/passwd", path), 0);
	CHECK_INT(ask(hold_handle_hold, path), ELOOP);
	CHECK_INT(claim(), ELOOP);
	end();
}

TEST(a_request_that_names_no_lock_claims_nothing)
{
	struct err e = ERR_INIT;
	int fd = -1;

	CHECK_INT(hold_claim((struct slice){ 0 }, &fd, &e), 0);
	CHECK_INT(fd, -1);
}
