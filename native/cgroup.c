/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "err.h"

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

/* for_each_child() - Call @visit with the path of each directory in @dir and add up what it returns. */
static int for_each_child(const char *dir, int (*visit)(const char *path))
{
	char path[PATH_MAX];
	struct dirent *entry;
	int sum = 0;
	DIR *d = opendir(dir);

	if (!d)
		return 0;
	while ((entry = readdir(d))) {
		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) < (int)sizeof(path))
			sum += visit(path);
	}
	closedir(d);
	return sum;
}

/* A frozen process of v1 dies only once it is thawed; v2 does that by itself. */
static void thaw(const char *dir)
{
	char path[PATH_MAX];
	_close_ int fd = -1;

	if (snprintf(path, sizeof(path), "%s/freezer.state", dir) >= (int)sizeof(path))
		return;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "THAWED", 6) < 0)
		return;
}

int cgroup_kill_each(const char *dir)
{
	char path[PATH_MAX];
	int found = for_each_child(dir, cgroup_kill_each);
	FILE *procs;
	int pid;

	if (snprintf(path, sizeof(path), "%s/cgroup.procs", dir) >= (int)sizeof(path))
		return found;
	procs = fopen(path, "re");
	if (!procs)
		return found;
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

int cgroup_remove(const char *dir)
{
	if (rmdir(dir) == 0 || errno == ENOENT)
		return 0;
	if (for_each_child(dir, cgroup_remove) < 0)
		return -1;
	return rmdir(dir) == 0 || errno == ENOENT ? 0 : -1;
}
