/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of cgroups, as any file system's directories: what is special about the kernel's is tried in test/integration/lifetime.test.ts. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "archive.h"
#include "cgroup.h"
#include "cgroup_claim.h"
#include "test.h"

#define DEEP 5000

static char top[64];

static const char *in(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", top, name);
	return path;
}

static void begin(void)
{
	strcpy(top, "/tmp/test-cgroup-XXXXXX");
	CHECK(mkdtemp(top));
}

static void end(void)
{
	struct err e = ERR_INIT;
	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY);

	CHECK_INT(archive_remove_tree(tmp, strrchr(top, '/') + 1, &e), 0);
	close(tmp);
}

/* make_deep() - Return: the deepest directory. */
static int make_deep(const char *name, int levels)
{
	int fd = open(top, O_RDONLY | O_DIRECTORY);

	for (int i = 0; i < levels; i++) {
		int next;

		CHECK_INT(mkdirat(fd, i ? "deeper" : name, 0755), 0);
		next = openat(fd, i ? "deeper" : name, O_RDONLY | O_DIRECTORY);
		CHECK(next >= 0);
		close(fd);
		fd = next;
	}
	return fd;
}

static void put_process(int dir, pid_t pid)
{
	int fd = openat(dir, "cgroup.procs", O_CREAT | O_TRUNC | O_WRONLY, 0644);

	CHECK(fd >= 0);
	CHECK(dprintf(fd, "0\n%d\n", (int)pid) > 0);
	close(fd);
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

TEST(what_is_below_goes_however_deep_that_is)
{
	struct rlimit before, few;
	int descriptors;

	begin();
	CHECK_INT(mkdir(in("tree"), 0755), 0);
	CHECK_INT(mkdir(in("tree/a"), 0755), 0);
	CHECK_INT(mkdir(in("tree/a/b"), 0755), 0);
	CHECK_INT(mkdir(in("tree/c"), 0755), 0);
	CHECK_INT(cgroup_remove(in("tree")), 0);
	CHECK_INT(cgroup_remove(in("tree")), 0);
	close(make_deep("deep", DEEP));
	descriptors = open_descriptors();
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){ 64, before.rlim_max };
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &few), 0);
	CHECK_INT(cgroup_remove(in("deep")), 0);
	CHECK_INT(access(in("deep"), F_OK), -1);
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &before), 0);
	CHECK_INT(open_descriptors(), descriptors);
	end();
}

TEST(what_is_busy_stays_with_what_is_above_and_the_rest_goes)
{
	int busy;

	begin();
	CHECK_INT(mkdir(in("tree"), 0755), 0);
	CHECK_INT(mkdir(in("tree/a"), 0755), 0);
	CHECK_INT(mkdir(in("tree/busy"), 0755), 0);
	CHECK_INT(mkdir(in("tree/z"), 0755), 0);
	busy = open(in("tree/busy"), O_RDONLY | O_DIRECTORY);
	put_process(busy, 0);
	CHECK_INT(cgroup_remove(in("tree")), -1);
	CHECK_INT(errno, ENOTEMPTY);
	CHECK_INT(access(in("tree/a"), F_OK), -1);
	CHECK_INT(access(in("tree/z"), F_OK), -1);
	CHECK_INT(access(in("tree/busy"), F_OK), 0);
	close(busy);
	end();
}

TEST(links_are_not_followed)
{
	begin();
	CHECK_INT(mkdir(in("tree"), 0755), 0);
	CHECK_INT(mkdir(in("elsewhere"), 0755), 0);
	CHECK_INT(mkdir(in("elsewhere/kept"), 0755), 0);
	CHECK_INT(symlink("../elsewhere", in("tree/link")), 0);
	CHECK_INT(cgroup_remove(in("tree")), -1);
	CHECK_INT(access(in("elsewhere/kept"), F_OK), 0);
	end();
}

TEST(processes_are_killed_at_every_depth_and_none_of_another_namespace)
{
	pid_t first = sleeper(), second = sleeper();
	int fd, status;

	begin();
	fd = make_deep("tree", 1);
	put_process(fd, first);
	close(fd);
	fd = make_deep("other", DEEP);
	put_process(fd, second);
	close(fd);
	CHECK_INT(cgroup_kill_each(in("tree")), 1);
	CHECK_INT(cgroup_kill_each(in("other")), 1);
	CHECK_INT(waitpid(first, &status, 0), first);
	CHECK_INT(WTERMSIG(status), SIGKILL);
	CHECK_INT(waitpid(second, &status, 0), second);
	CHECK_INT(WTERMSIG(status), SIGKILL);
	CHECK_INT(cgroup_kill_each(in("missing")), 0);
	end();
}

static int take(const char *name)
{
	int parent = open(top, O_RDONLY | O_DIRECTORY), fd = cgroup_take_abandoned(parent, name);

	close(parent);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

TEST(a_claim_lasts_as_long_as_the_process_that_made_it)
{
	int up[2], down[2], status;
	char byte = 0;
	pid_t owner;

	begin();
	CHECK_INT(pipe(up), 0);
	CHECK_INT(pipe(down), 0);
	owner = fork();
	if (owner == 0) {
		bool made = cgroup_claim(in("session")) == 0 && cgroup_claim(in("session")) == 0;

		_exit(made && write(up[1], "x", 1) == 1 && read(down[0], &byte, 1) == 1 ? 0 : 1);
	}
	CHECK_INT(read(up[0], &byte, 1), 1);
	CHECK_INT(take("session"), 0);
	CHECK_INT(write(down[1], "x", 1), 1);
	CHECK_INT(waitpid(owner, &status, 0), owner);
	CHECK_INT(status, 0);
	CHECK_INT(take("session"), 1);
	close(up[0]);
	close(up[1]);
	close(down[0]);
	close(down[1]);
	end();
}

static int remains_unclaimed(const char *name, time_t before)
{
	int parent = open(top, O_RDONLY | O_DIRECTORY);

	cgroup_remove_unclaimed(parent, name, before);
	close(parent);
	return access(in(name), F_OK) == 0;
}

TEST(an_empty_one_without_a_mark_goes_once_it_is_old)
{
	struct stat st;
	int held;

	begin();
	CHECK_INT(mkdir(in("stillborn"), 0755), 0);
	CHECK_INT(stat(in("stillborn"), &st), 0);
	CHECK_INT(remains_unclaimed("stillborn", st.st_mtime), 1);
	held = open(in("stillborn"), O_RDONLY | O_DIRECTORY);
	CHECK_INT(flock(held, LOCK_EX), 0);
	CHECK_INT(remains_unclaimed("stillborn", st.st_mtime + 1), 1);
	close(held);
	CHECK_INT(mkdir(in("stillborn/used"), 0755), 0);
	CHECK_INT(remains_unclaimed("stillborn", st.st_mtime + 60), 1);
	CHECK_INT(rmdir(in("stillborn/used")), 0);
	CHECK_INT(remains_unclaimed("stillborn", st.st_mtime + 60), 0);
	CHECK_INT(cgroup_claim(in("session")), 0);
	CHECK_INT(remains_unclaimed("session", st.st_mtime + 60), 1);
	end();
}

TEST(what_nobody_has_claimed_is_nobodys_to_take)
{
	begin();
	CHECK_INT(mkdir(in("stranger"), 0755), 0);
	CHECK_INT(take("stranger"), 0);
	CHECK_INT(setxattr(in("stranger"), "user.caisson.session", "n", 1, 0), 0);
	CHECK_INT(take("stranger"), 0);
	CHECK_INT(take("missing"), 0);
	CHECK_INT(symlink("stranger", in("link")), 0);
	CHECK_INT(take("link"), 0);
	CHECK_INT(cgroup_claim(in("missing/session")), -1);
	CHECK_INT(errno, ENOENT);
	end();
}
