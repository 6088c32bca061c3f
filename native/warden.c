/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "archive.h"
#include "cgroup.h"
#include "cgroup_claim.h"
#include "dir_names.h"
#include "kernel.h"
#include "spawn.h"
#include "warden.h"

/* How long the processes of a session may take to die, in milliseconds: one in an uninterruptible wait can't be hurried. */
#define KILL_TRIES 5000
/* How often the directory is tried to be removed: what dies may have a system call to end that makes one more file there. */
#define REMOVE_TRIES 1000
/* Of the list of cgroups: a line for each hierarchy, of which a kernel has some ten. */
#define LIST_MAX (16u * PATH_MAX)
/* A session that is just being made has no lock yet, and its cgroups have no mark. */
#define YOUNG_SECONDS 60

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

/* end_cgroup() - Return: false where it stays, since something in it does not die. */
static bool end_cgroup(const char *dir)
{
	for (int i = 0; i < KILL_TRIES; i++) {
		/* One write kills the whole subtree on v2; elsewhere, and on kernels before 5.14, each process in turn. */
		if (cgroup_kill(dir) < 0)
			cgroup_kill_each(dir);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		/* What else hinders us, such as a hierarchy that is read-only by now, no later try changes. */
		if (cgroup_remove(dir) == 0 || (errno != EBUSY && errno != ENOTEMPTY))
			return true;
		sleep_ms(1);
	}
	return false;
}

/* read_list() - Not by read(2): supervisor and warden share the position in it. Return: its text, to be freed, or NULL. */
static char *read_list(int list)
{
	char *text = list < 0 ? NULL : malloc(LIST_MAX + 1);
	size_t len = 0;
	ssize_t n;

	if (!text)
		return NULL;
	while (len < LIST_MAX && (n = RETRY(pread(list, text + len, LIST_MAX - len, (off_t)len))) > 0)
		len += (size_t)n;
	text[len] = 0;
	return text;
}

/* for_each_cgroup() - @visit those on a list, in lines. Return: false where one visit did. */
static bool for_each_cgroup(int list, bool (*visit)(const char *dir))
{
	_free_ char *text = read_list(list);
	char *rest = text, *line;
	bool all = true;

	while ((line = strsep(&rest, "\n")))
		if (line[0] == '/' && strlen(line) < PATH_MAX && !visit(line))
			all = false;
	return all;
}

static int remove_session(int sessions, const char *name, struct err *e)
{
	return archive_remove_tree(sessions, name, e);
}

/* remove_contents() - All but what says what is left, and that nobody is there. */
static int remove_contents(int sessions, const char *name, struct err *e)
{
	_cleanup_(dir_names_free) struct dir_names names = { 0 };
	_close_ int dir = openat(sessions, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return 0;
	if (dir_names_read(&names, dir) < 0)
		return fail(e, errno, "read directory");
	for (size_t i = 0; i < names.count; i++)
		if (strcmp(names.items[i], "lock") != 0 && strcmp(names.items[i], "cgroups") != 0 &&
		    archive_remove_tree(dir, names.items[i], e) < 0)
			return -1;
	return 0;
}

void warden_session_end(int sessions, const char *name, int list)
{
	int (*remove)(int, const char *, struct err *) = for_each_cgroup(list, end_cgroup) ? remove_session : remove_contents;

	/* The lock goes last with the rest: until then nobody mistakes this for a session that needs sweeping. */
	for (int i = 0; i < REMOVE_TRIES; i++) {
		struct err e = ERR_INIT;

		if (remove(sessions, name, &e) == 0)
			return;
		sleep_ms(5);
	}
}

static void sweep_one(int sessions, const char *name)
{
	_close_ int dir = openat(sessions, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_close_ int lock = -1, list = -1;
	struct stat st;

	if (dir < 0 || fstat(dir, &st) < 0)
		return;
	lock = openat(dir, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (lock < 0 ? time(NULL) - st.st_mtime < YOUNG_SECONDS : flock(lock, LOCK_EX | LOCK_NB) < 0)
		return;
	list = openat(dir, "cgroups", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	warden_session_end(sessions, name, list);
}

static void sweep(int sessions, const char *own)
{
	int fd = openat(sessions, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, own))
			sweep_one(sessions, entry->d_name);
	closedir(d);
}

/* is_id() - As sessions have them: whatever else begins as our cgroups do is somebody else's. */
static bool is_id(const char *text)
{
	return strspn(text, "0123456789abcdef") == strlen(text);
}

/*
 * sweep_beside() - Cgroups beside our own @dir that nobody has any more, whatever has become of the directories of their sessions.
 * Theirs are called as ours is, up to the id.
 */
static bool sweep_beside(const char *dir)
{
	const char *own = strrchr(dir, '/') + 1, *dash = strrchr(own, '-');
	_cleanup_(dir_names_free) struct dir_names names = { 0 };
	_close_ int parent = -1;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s", (int)(own - dir), dir);
	parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!dash || parent < 0 || dir_names_read_dirs(&names, parent) < 0)
		return true;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		_close_ int held = -1;

		if (strncmp(name, own, (size_t)(dash - own) + 1) != 0 || strlen(name) != strlen(own) || !strcmp(name, own) ||
		    !is_id(name + (dash - own) + 1))
			continue;
		held = cgroup_take_abandoned(parent, name);
		if (held >= 0 && snprintf(path, sizeof(path), "%.*s%s", (int)(own - dir), dir, name) < (int)sizeof(path))
			end_cgroup(path);
		if (held < 0)
			cgroup_remove_unclaimed(parent, name, time(NULL) - YOUNG_SECONDS);
	}
	return true;
}

struct warden {
	int sessions, lock, list, supervisor;
	char name[NAME_MAX + 1];
};

static int run(void *context)
{
	struct warden *w = context;
	struct pollfd death = { .fd = w->supervisor, .events = POLLIN };

	/* Killing a process group, or the terminal's hang-up, must not take the one that cleans up along. */
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	prctl(PR_SET_NAME, "caisson-warden");
	sweep(w->sessions, w->name);
	for_each_cgroup(w->list, sweep_beside);
	while (poll(&death, 1, -1) < 0 && errno == EINTR)
		;
	warden_session_end(w->sessions, w->name, w->list);
	return 0;
}

int warden_start(int sessions, const char *name, int lock, int list, struct err *e)
{
	struct warden w = { .sessions = sessions, .lock = lock, .list = list };
	int *keep[] = { &w.sessions, &w.lock, &w.list, &w.supervisor };
	int pidfd;

	snprintf(w.name, sizeof(w.name), "%s", name);
	w.supervisor = kernel_pidfd_open(getpid());
	if (w.supervisor < 0)
		return fail(e, errno, "pidfd");
	if (spawn_heir(keep, 4, run, &w, &pidfd) < 0)
		fail(e, errno, "warden");
	else
		close(pidfd);
	close(w.supervisor);
	return e->no ? -1 : 0;
}
