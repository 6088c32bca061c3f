/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The copy is made beside the directory, as NAME.new, and renamed to NAME.ready once it is complete: from then on it counts.
 * What is in it is then moved into the directory, which may be mounted in containers already and so has to stay the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive.h"
#include "dir_names.h"
#include "populate.h"
#include "spawn.h"
#include "take_over.h"

struct copy {
	int root, out;
	const char *path;
};

/* pack() - In the worker. Return: exit code, an errno. */
static int pack(void *context)
{
	struct copy *c = context;
	struct archive_result result = { 0 };
	char contents[PATH_MAX];
	struct err e = ERR_INIT;

	snprintf(contents, sizeof(contents), "%s/.", c->path);
	return archive_pack_path(c->out, c->root, contents, 0, &result, &e) < 0 ? e.no : 0;
}

/* copy_contents() - By way of an archive: the writer and the reader of those know about everything that can be in a directory. */
static int copy_contents(int root, const char *path, int into, struct err *e)
{
	struct copy c = { .root = root, .path = path };
	int *keep[] = { &c.root, &c.out };
	struct archive_result result = { 0 };
	_close_ int in = -1, worker = -1;
	siginfo_t info = { 0 };
	int pipe_fds[2], r;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return fail(e, errno, "pipe");
	in = pipe_fds[0];
	c.out = pipe_fds[1];
	pid = spawn_worker(keep, 2, pack, &c, &worker);
	close(pipe_fds[1]);
	if (pid < 0)
		return fail(e, errno, "worker");
	r = archive_unpack_read(in, into, "", 0, &result, e);
	writer_free(&result.notes);
	close_fdp(&in);
	in = -1;
	RETRY(waitid(P_PIDFD, (id_t)worker, &info, WEXITED));
	/* Where the source could not be read, the archive just ends: its reader's complaint is no news then. */
	if (info.si_code == CLD_EXITED && info.si_status != 0 && (r == 0 || info.si_status != EPIPE))
		return fail(e, info.si_status, "read %.100s", path);
	if (r == 0 && info.si_code != CLD_EXITED)
		return fail(e, ECHILD, "the copy was killed");
	return r;
}

static int open_dir(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* is_empty() - Return: 1, 0, or -1 with errno. */
static int is_empty(int dir)
{
	_cleanup_(dir_names_free) struct dir_names names = { 0 };

	return dir_names_read(&names, dir) < 0 ? -1 : names.count == 0;
}

/* move_in() - Complete what NAME.ready holds. A name that somebody has taken meanwhile stays theirs. */
static int move_in(int beside, const char *ready, int data, struct err *e)
{
	_cleanup_(dir_names_free) struct dir_names names = { 0 };
	_close_ int from = open_dir(beside, ready);

	if (from < 0)
		return errno == ENOENT ? 0 : fail(e, errno, "%s", ready);
	if (dir_names_read(&names, from) < 0)
		return fail(e, errno, "%s", ready);
	for (size_t i = 0; i < names.count; i++)
		if (renameat2(from, names.items[i], data, names.items[i], RENAME_NOREPLACE) < 0 && errno != EEXIST)
			return fail(e, errno, "move %.100s", names.items[i]);
	return take_over(data, from, e) < 0 ? -1 : archive_remove_tree(beside, ready, e);
}

static int copy_aside(int root, const char *path, int source, int beside, const char *new, const char *ready, struct err *e)
{
	_close_ int into = -1;

	if (mkdirat(beside, new, 0700) < 0 || (into = open_dir(beside, new)) < 0)
		return fail(e, errno, "%s", new);
	if (copy_contents(root, path, into, e) < 0 || take_over(into, source, e) < 0)
		return -1;
	return renameat(beside, new, beside, ready) < 0 ? fail(e, errno, "%s", ready) : 0;
}

static int fill(int root, const char *path, int data, int beside, const char *name, struct err *e)
{
	char new[NAME_MAX + 1], ready[NAME_MAX + 1];
	_close_ int source = -1;
	int empty;

	if (snprintf(new, sizeof(new), "%s.new", name) >= (int)sizeof(new))
		return fail(e, ENAMETOOLONG, "%.100s", name);
	snprintf(ready, sizeof(ready), "%.248s.ready", name);
	if (move_in(beside, ready, data, e) < 0)
		return -1;
	empty = is_empty(data);
	if (empty <= 0)
		return empty < 0 ? fail(e, errno, "%s", name) : 0;
	source = root_open(root, path, O_RDONLY | O_DIRECTORY, 0);
	if (source < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : fail(e, errno, "%s", path);
	empty = is_empty(source);
	if (empty < 0)
		return fail(e, errno, "%s", path);
	if (empty)
		return take_over(data, source, e);
	/* What a process left that was killed in the middle. */
	if (archive_remove_tree(beside, new, e) < 0)
		return -1;
	if (copy_aside(root, path, source, beside, new, ready, e) < 0) {
		struct err ignored = ERR_INIT;

		archive_remove_tree(beside, new, &ignored);
		return -1;
	}
	return move_in(beside, ready, data, e);
}

int populate(int root, const char *path, int data, int beside, const char *name, struct err *e)
{
	int r;

	if (RETRY(flock(beside, LOCK_EX)) < 0)
		return fail(e, errno, "lock");
	r = fill(root, path, data, beside, name, e);
	/* Not by closing alone: a worker may have been cloned from this process by now. */
	flock(beside, LOCK_UN);
	return r;
}
