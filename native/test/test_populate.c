/* SPDX-License-Identifier: Apache-2.0 */
/* Filling an empty directory: what is copied, what is left alone, and what becomes of a copy that was interrupted. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive.h"
#include "populate.h"
#include "procfs.h"
#include "test.h"

#define NAME "filling"

static struct {
	char path[64];
	int top, root, volume, data;
} at;

static void make(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_CREAT | O_EXCL | O_WRONLY, 0644);

	CHECK(fd >= 0);
	CHECK_INT(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int make_dir(int dir, const char *name, mode_t mode)
{
	int fd;

	CHECK_INT(mkdirat(dir, name, 0700), 0);
	CHECK_INT(fchmodat(dir, name, mode, 0), 0);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY);
	CHECK(fd >= 0);
	return fd;
}

/* A root with a directory "d" of one file, and a volume with an empty "_data". */
static void begin(void)
{
	int d;

	CHECK_INT(procfs_open(), 0);
	strcpy(at.path, "/tmp/test-populate-XXXXXX");
	CHECK(mkdtemp(at.path));
	at.top = open(at.path, O_RDONLY | O_DIRECTORY);
	at.root = make_dir(at.top, "root", 0755);
	at.volume = make_dir(at.top, "volume", 0755);
	at.data = make_dir(at.volume, "_data", 0755);
	d = make_dir(at.root, "d", 02750);
	CHECK_INT(fchownat(at.root, "d", 7, 8, 0), 0);
	CHECK_INT(fchmodat(at.root, "d", 02750, 0), 0);
	make(d, "file", "image");
	close(d);
}

static void end(void)
{
	struct err e = ERR_INIT;
	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY);

	close(at.data);
	close(at.volume);
	close(at.root);
	close(at.top);
	close(procfs());
	CHECK_INT(archive_remove_tree(tmp, strrchr(at.path, '/') + 1, &e), 0);
	close(tmp);
}

static void fill(void)
{
	struct err e = ERR_INIT;

	if (populate(at.root, "d", at.data, at.volume, NAME, &e) < 0)
		TEST_FAIL("populate: %s: %s", e.text, strerror(e.no));
}

static void check_text(int dir, const char *name, const char *expected)
{
	char text[32] = "";
	int fd = openat(dir, name, O_RDONLY);

	CHECK(fd >= 0);
	CHECK(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	CHECK_TEXT(text, expected);
}

static bool exists(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void check_like_source(void)
{
	struct stat st;

	CHECK_INT(fstat(at.data, &st), 0);
	CHECK_INT(st.st_uid, 7);
	CHECK_INT(st.st_gid, 8);
	CHECK_INT(st.st_mode & 07777, 02750);
	CHECK(!exists(at.volume, NAME ".new"));
	CHECK(!exists(at.volume, NAME ".ready"));
}

TEST(an_empty_directory_becomes_a_copy)
{
	int before = open_descriptors();

	begin();
	fill();
	check_text(at.data, "file", "image");
	check_like_source();
	end();
	CHECK_INT(open_descriptors(), before);
}

TEST(one_that_is_not_empty_stays_as_it_is)
{
	struct stat st;

	begin();
	make(at.data, "own", "");
	fill();
	CHECK(!exists(at.data, "file"));
	CHECK_INT(fstat(at.data, &st), 0);
	CHECK_INT(st.st_uid, 0);
	end();
}

TEST(a_copy_that_was_interrupted_is_begun_again)
{
	int half;

	begin();
	half = make_dir(at.volume, NAME ".new", 0700);
	make(half, "half", "");
	close(half);
	fill();
	CHECK(!exists(at.data, "half"));
	check_text(at.data, "file", "image");
	check_like_source();
	end();
}

/* Moved in part already: the rest follows, and what somebody wrote under a name of its meanwhile is theirs. */
TEST(a_copy_that_was_complete_is_moved_in)
{
	int ready;

	begin();
	ready = make_dir(at.volume, NAME ".ready", 0700);
	CHECK_INT(fchown(ready, 7, 8), 0);
	CHECK_INT(fchmod(ready, 02750), 0);
	make(ready, "second", "ready");
	make(ready, "taken", "ready");
	close(ready);
	make(at.data, "first", "");
	make(at.data, "taken", "own");
	fill();
	check_text(at.data, "second", "ready");
	check_text(at.data, "taken", "own");
	CHECK(!exists(at.data, "file"));
	check_like_source();
	end();
}

TEST(what_is_no_directory_of_the_image_fills_nothing)
{
	struct err e = ERR_INIT;

	begin();
	CHECK_INT(populate(at.root, "nowhere/at/all", at.data, at.volume, NAME, &e), 0);
	CHECK_INT(populate(at.root, "d/file", at.data, at.volume, NAME, &e), 0);
	CHECK(!exists(at.data, "file"));
	end();
}

TEST(links_of_the_image_lead_nowhere_but_into_it)
{
	struct err e = ERR_INIT;

	begin();
	CHECK_INT(symlinkat("/d", at.root, "absolute"), 0);
	CHECK_INT(symlinkat("../../../../../../etc", at.root, "climbing"), 0);
	CHECK_INT(populate(at.root, "climbing", at.data, at.volume, NAME, &e), 0);
	CHECK(!exists(at.data, "passwd"));
	CHECK_INT(populate(at.root, "absolute", at.data, at.volume, NAME, &e), 0);
	check_text(at.data, "file", "image");
	end();
}

TEST(many_at_once_fill_it_once)
{
	begin();
	for (int i = 0; i < 8; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid == 0) {
			/* A description of one's own: those of the parent's would be one holder of the lock. */
			int volume = openat(at.top, "volume", O_RDONLY | O_DIRECTORY);
			struct err e = ERR_INIT;

			_exit(populate(at.root, "d", at.data, volume, NAME, &e) == 0 && exists(at.data, "file") ? 0 : 1);
		}
	}
	for (int i = 0, status; i < 8; i++) {
		CHECK(wait(&status) > 0);
		CHECK_INT(status, 0);
	}
	check_like_source();
	end();
}

static void check_follow(const char *path, const char *expected)
{
	char resolved[4096];

	CHECK_INT(root_follow(at.root, path, resolved), 0);
	CHECK_TEXT(resolved, expected);
}

TEST(a_path_with_something_missing_is_followed_inside_the_root)
{
	char resolved[4096];

	begin();
	CHECK_INT(symlinkat("/made/../here", at.root, "absolute"), 0);
	CHECK_INT(symlinkat("../../../absolute", at.root, "climbing"), 0);
	CHECK_INT(symlinkat("loop", at.root, "loop"), 0);
	CHECK_INT(symlinkat("beside/x", at.root, "d/relative"), 0);
	check_follow("plain/new", "plain/new");
	check_follow("/./d//new/", "d/new");
	check_follow("absolute", "here");
	check_follow("climbing/new/..", "here");
	check_follow("d/relative/y", "d/beside/x/y");
	check_follow("../../x", "x");
	check_follow("", "");
	CHECK_INT(root_follow(at.root, "loop/x", resolved), -1);
	CHECK_INT(errno, ELOOP);
	end();
}
