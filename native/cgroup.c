/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cgroup.h"
#include "dir_names.h"
#include "err.h"

/* A container that may make cgroups can make many, and more while we look: what is left is for the next call. */
#define WALK_MAX 20000

int cgroup_kill(const char *dir)
{
	char path[PATH_MAX];
	_close_ int fd = -1;

	if (!dir)
		return 0;
	if (snprintf(path, sizeof(path), "%s/cgroup.kill", dir) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 || write(fd, "1", 1) < 0 ? -1 : 0;
}

/* One cgroup on the way to where a walk is. */
struct level {
	struct level *above;
	struct dir_names names;		/* of those below it */
	size_t next;
};

/*
 * A tree can be deeper than the stack or the limit of descriptors would bear. So one is open, and ".." leads back: no cgroup ever
 * changes its parent.
 */
struct walk {
	int fd;
	struct level *level;
};

static bool descend(struct walk *w, const char *name)
{
	int fd = openat(w->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct level *below = fd < 0 ? NULL : calloc(1, sizeof(*below));

	if (!below) {
		close_fdp(&fd);
		return false;
	}
	dir_names_read_dirs(&below->names, fd);	/* as far as that goes */
	below->above = w->level;
	close_fdp(&w->fd);
	*w = (struct walk){ fd, below };
	return true;
}

/* ascend() - Return: the name of the one that was left, NULL for the first one; w->fd is its parent, -1 where there is no way back. */
static const char *ascend(struct walk *w)
{
	struct level *above = w->level->above;
	int fd = above ? openat(w->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	dir_names_free(&w->level->names);
	free(w->level);
	close_fdp(&w->fd);
	*w = (struct walk){ fd, above };
	return above ? above->names.items[above->next - 1] : NULL;
}

/*
 * walk() - Call @arrive at @dir and each cgroup below it, parents first, and @leave for each below it, children first.
 * Return: the sum of what @arrive returns.
 */
static int walk(const char *dir, int (*arrive)(int fd), void (*leave)(int parent, const char *name))
{
	struct walk w = { .fd = AT_FDCWD };
	int sum = 0, arrivals = 0;
	bool arrived = descend(&w, dir);

	while (w.level) {
		struct level *at = w.level;
		const char *left = NULL;

		if (arrived && arrive)
			sum += arrive(w.fd);
		arrivals += arrived;
		arrived = false;
		if (at->next < at->names.count && arrivals < WALK_MAX)
			arrived = descend(&w, at->names.items[at->next++]);
		else
			left = ascend(&w);
		if (left && leave)
			leave(w.fd, left);
	}
	close_fdp(&w.fd);
	return sum;
}

/* A frozen process of v1 dies only once it is thawed; v2 does that by itself. */
static void thaw(int dir)
{
	_close_ int fd = openat(dir, "freezer.state", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "THAWED", 6) < 0)
		return;
}

static int kill_those_in(int dir)
{
	int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC), found = 0, pid;
	FILE *procs = fd < 0 ? NULL : fdopen(fd, "r");

	if (!procs) {
		close_fdp(&fd);
		return 0;
	}
	while (fscanf(procs, "%d", &pid) == 1) {
		/* 0 stands for a process of another pid namespace, which is not ours to kill. */
		if (pid <= 0)
			continue;
		kill(pid, SIGKILL);
		found++;
	}
	fclose(procs);
	thaw(dir);
	return found;
}

int cgroup_kill_each(const char *dir)
{
	return walk(dir, kill_those_in, NULL);
}

static void remove_one(int parent, const char *name)
{
	/* One that is busy keeps those above it busy: that is told of the first one. */
	unlinkat(parent, name, AT_REMOVEDIR);
}

int cgroup_remove(const char *dir)
{
	if (rmdir(dir) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return -1;
	walk(dir, NULL, remove_one);
	return rmdir(dir) == 0 || errno == ENOENT ? 0 : -1;
}
