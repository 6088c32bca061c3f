/* SPDX-License-Identifier: Apache-2.0 */
/* Layers merged into a directory as overlayfs would show them, and what has changed in such a directory, as overlayfs would keep it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "archive.h"
#include "dir_lease.h"
#include "flatten.h"
#include "overlay_attr.h"
#include "protocol.h"
#include "test.h"
#include "tree_diff.h"

static char top[64], elsewhere[64];

static const char *in(const char *name)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", top, name);
	return path;
}

static void begin(void)
{
	strcpy(top, "/tmp/test-flatten-XXXXXX");
	CHECK(mkdtemp(top));
	umask(022);
	for (const char *const *layer = (const char *const[]){ "low", "high", NULL }; *layer; layer++)
		CHECK_INT(mkdir(in(*layer), 0755), 0);
}

static void remove_tree(const char *dir)
{
	struct err e = ERR_INIT;
	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY);

	CHECK_INT(archive_remove_tree(tmp, strrchr(dir, '/') + 1, &e), 0);
	close(tmp);
}

static void end(void)
{
	remove_tree(top);
}

static void put(const char *name, const char *text)
{
	int fd = open(in(name), O_CREAT | O_TRUNC | O_WRONLY, 0644);

	CHECK(fd >= 0);
	CHECK_INT(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static bool exists(const char *name)
{
	struct stat st;

	return lstat(in(name), &st) == 0;
}

static struct stat status(const char *name)
{
	struct stat st;

	if (lstat(in(name), &st) < 0)
		TEST_FAIL("%s: %s", name, strerror(errno));
	return st;
}

static void check_text(const char *name, const char *expected)
{
	char text[32] = "";
	int fd = open(in(name), O_RDONLY);

	CHECK(fd >= 0);
	CHECK(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	CHECK_TEXT(text, expected);
}

static void hide(const char *layer, const char *name)
{
	int dir = open(in(layer), O_RDONLY | O_DIRECTORY);

	CHECK_INT(overlay_make_whiteout(dir, name), 0);
	close(dir);
}

/* As on an overlay, where no device 0:0 can be made. */
static void hide_in_own_form(const char *name)
{
	int fd = open(in(name), O_CREAT | O_EXCL | O_WRONLY, 0);

	CHECK(fd >= 0);
	CHECK_INT(fsetxattr(fd, "user.caisson.whiteout", "y", 1, 0), 0);
	close(fd);
}

static void mark_opaque(const char *name)
{
	int fd = open(in(name), O_RDONLY | O_DIRECTORY);

	CHECK_INT(overlay_set_opaque(fd, false), 0);
	close(fd);
}

static int try_flatten(const char *name, bool link, struct err *e)
{
	struct writer w = { 0 };
	int r;

	put_text(&w, ARG_ARG, in("low"));
	put_text(&w, ARG_ARG, in("high"));
	r = flatten(in(name), (struct slice){ w.data, w.len }, link, e);
	writer_free(&w);
	return r;
}

static int flatten_low_to(const char *directory, struct err *e)
{
	struct writer w = { 0 };
	char path[96];
	int r;

	snprintf(path, sizeof(path), "%s/root", directory);
	put_text(&w, ARG_ARG, in("low"));
	r = flatten(path, (struct slice){ w.data, w.len }, false, e);
	writer_free(&w);
	return r;
}

static void merge(const char *name, bool link)
{
	struct err e = ERR_INIT;

	if (try_flatten(name, link, &e) < 0)
		TEST_FAIL("flatten: %s: %s", e.text, strerror(e.no));
}

static void diff(const char *name)
{
	struct err e = ERR_INIT;

	merge("merged", true);
	if (tree_diff(in(name), in("root"), in("merged"), &e) < 0)
		TEST_FAIL("tree_diff: %s: %s", e.text, strerror(e.no));
}

/* The clock that stamps files moves in ticks. */
static void tick(void)
{
	nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
}

TEST(the_topmost_layer_wins_and_whiteouts_hide)
{
	begin();
	put("low/kept", "low");
	put("low/replaced", "low");
	put("low/hidden", "low");
	put("low/hidden-too", "low");
	put("high/replaced", "high");
	hide("high", "hidden");
	hide_in_own_form("high/hidden-too");
	hide("high", "never-there");
	merge("root", false);
	check_text("root/kept", "low");
	check_text("root/replaced", "high");
	CHECK(!exists("root/hidden"));
	CHECK(!exists("root/hidden-too"));
	CHECK(!exists("root/never-there"));
	CHECK(exists("root.made"));
	end();
}

TEST(directories_join_unless_they_are_opaque_or_something_else)
{
	begin();
	CHECK_INT(mkdir(in("low/joined"), 0755), 0);
	CHECK_INT(mkdir(in("low/opaque"), 0755), 0);
	CHECK_INT(mkdir(in("low/to-file"), 0755), 0);
	put("low/joined/low", "low");
	put("low/opaque/low", "low");
	put("low/to-file/low", "low");
	put("low/to-dir", "low");
	CHECK_INT(mkdir(in("high/joined"), 0700), 0);
	CHECK_INT(chown(in("high/joined"), 7, 8), 0);
	CHECK_INT(mkdir(in("high/opaque"), 0755), 0);
	CHECK_INT(mkdir(in("high/to-dir"), 0755), 0);
	put("high/joined/high", "high");
	put("high/opaque/high", "high");
	put("high/to-file", "high");
	mark_opaque("high/opaque");
	merge("root", false);
	check_text("root/joined/low", "low");
	check_text("root/joined/high", "high");
	CHECK_INT(status("root/joined").st_mode & 07777, 0700);
	CHECK_INT(status("root/joined").st_gid, 8);
	check_text("root/opaque/high", "high");
	CHECK(!exists("root/opaque/low"));
	check_text("root/to-file", "high");
	CHECK(S_ISDIR(status("root/to-dir").st_mode));
	end();
}

TEST(all_that_a_file_is_comes_along)
{
	const struct timespec times[2] = { { 5, 0 }, { 1234567890, 987654321 } };
	char value[8] = "";
	int fd;

	begin();
	put("low/file", "text");
	CHECK_INT(chown(in("low/file"), 7, 8), 0);
	CHECK_INT(chmod(in("low/file"), 04711), 0);
	CHECK_INT(setxattr(in("low/file"), "user.kept", "value", 5, 0), 0);
	CHECK_INT(link(in("low/file"), in("low/same")), 0);
	CHECK_INT(utimensat(AT_FDCWD, in("low/file"), times, 0), 0);
	CHECK_INT(symlink("/nowhere/at/all", in("low/link")), 0);
	CHECK_INT(lchown(in("low/link"), 9, 9), 0);
	CHECK_INT(mkfifo(in("low/fifo"), 0622), 0);
	CHECK_INT(mknod(in("low/device"), S_IFCHR | 0600, makedev(1, 3)), 0);
	fd = open(in("low/sparse"), O_CREAT | O_WRONLY, 0644);
	CHECK_INT(pwrite(fd, "x", 1, 1 << 20), 1);
	CHECK_INT(ftruncate(fd, 4 << 20), 0);
	close(fd);
	merge("root", false);
	CHECK_INT(status("root/file").st_uid, 7);
	CHECK_INT(status("root/file").st_mode & 07777, 04711);
	CHECK_INT(status("root/file").st_mtim.tv_sec, 1234567890);
	CHECK_INT(status("root/file").st_mtim.tv_nsec, 987654321);
	CHECK_INT(status("root/file").st_ino, status("root/same").st_ino);
	CHECK(status("root/file").st_ino != status("low/file").st_ino);
	CHECK_INT(getxattr(in("root/file"), "user.kept", value, sizeof(value)), 5);
	CHECK_INT(status("root/link").st_uid, 9);
	CHECK(S_ISLNK(status("root/link").st_mode));
	CHECK_INT(status("root/fifo").st_mode, S_IFIFO | 0600);
	CHECK_INT(status("root/device").st_rdev, makedev(1, 3));
	CHECK_INT(status("root/sparse").st_size, 4 << 20);
	CHECK(status("root/sparse").st_blocks < 1 << 10);
	end();
}

/* Names that fill more than a page; where the file system gives such a file no user.*, labels. */
static int give_attributes(const char *path, int count)
{
	char name[256];
	const char *family = setxattr(path, "user.0", "0", 1, 0) == 0 ? "user" : "security";
	int given = 0;

	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s.%0200d", family, i);
		given += setxattr(path, name, name, strlen(name), 0) == 0;
	}
	return given;
}

static ssize_t list_size(const char *path)
{
	return listxattr(path, NULL, 0);
}

TEST(attributes_come_along_however_many_and_large_they_are)
{
	static char value[60000], copy[sizeof(value)];
	struct err e = ERR_INIT;

	begin();
	CHECK_INT(unshare(CLONE_NEWNS), 0);
	CHECK_INT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	CHECK_INT(mount("none", top, "tmpfs", 0, NULL), 0);
	CHECK_INT(mkdir(in("low"), 0755), 0);
	CHECK_INT(mkdir(in("high"), 0755), 0);
	CHECK_INT(mkdir(in("low/dir"), 0755), 0);
	CHECK_INT(mkdir(in("high/dir"), 0755), 0);
	put("low/many", "");
	put("low/large", "");
	CHECK_INT(give_attributes(in("low/many"), 100), 100);
	memset(value, 'x', sizeof(value));
	CHECK_INT(setxattr(in("low/large"), "security.caisson-test", value, sizeof(value), 0), 0);
	/* What the lower one has, the upper one hides. */
	CHECK_INT(setxattr(in("low/dir"), "security.caisson-low", "l", 1, 0), 0);
	CHECK_INT(setxattr(in("high/dir"), "security.caisson-high", "h", 1, 0), 0);
	merge("root", false);
	CHECK(list_size(in("low/many")) > 4096);
	CHECK_INT(list_size(in("root/many")), list_size(in("low/many")));
	CHECK_INT(getxattr(in("root/large"), "security.caisson-test", copy, sizeof(copy)), sizeof(value));
	CHECK(!memcmp(copy, value, sizeof(value)));
	CHECK_INT(getxattr(in("root/dir"), "security.caisson-low", copy, sizeof(copy)), -1);
	CHECK_INT(getxattr(in("root/dir"), "security.caisson-high", copy, sizeof(copy)), 1);
	/* Somewhere with less room for them. */
	if (setxattr(in("low/large"), "user.large", value, sizeof(value), 0) == 0) {
		int r;

		strcpy(elsewhere, "/tmp/test-flatten-XXXXXX");
		CHECK(mkdtemp(elsewhere));
		r = flatten_low_to(elsewhere, &e);
		if (r < 0)
			CHECK_TEXT(e.text, "extended attribute user.large of large");
		remove_tree(elsewhere);
	}
	CHECK_INT(umount(top), 0);
	end();
}

TEST(readers_get_links_to_the_layers_files)
{
	begin();
	put("low/file", "low");
	put("high/other", "high");
	merge("merged", true);
	CHECK_INT(status("merged/file").st_ino, status("low/file").st_ino);
	CHECK_INT(status("merged/other").st_ino, status("high/other").st_ino);
	end();
}

TEST(what_is_there_stays_and_what_fails_leaves_nothing)
{
	struct err e = ERR_INIT;

	begin();
	put("low/file", "low");
	merge("root", false);
	put("root/file", "container");
	merge("root", false);
	check_text("root/file", "container");
	CHECK_INT(rmdir(in("high")), 0);
	CHECK_INT(try_flatten("other", false, &e), -1);
	CHECK_INT(e.no, ENOENT);
	CHECK(!exists("other"));
	end();
}

TEST(a_difference_is_what_was_touched)
{
	begin();
	for (const char *const *name = (const char *const[]){ "same", "changed", "mode", "gone", NULL }; *name; name++) {
		char path[32];

		snprintf(path, sizeof(path), "low/%s", *name);
		put(path, "before");
	}
	CHECK_INT(mkdir(in("low/dir"), 0755), 0);
	CHECK_INT(mkdir(in("low/dir/deep"), 0755), 0);
	CHECK_INT(mkdir(in("low/still"), 0755), 0);
	put("low/dir/deep/same", "before");
	put("low/still/same", "before");
	merge("root", false);
	tick();
	put("root/changed", "AFTER!");	/* as many bytes */
	CHECK_INT(utimensat(AT_FDCWD, in("root/changed"), (const struct timespec[2]){ status("low/changed").st_mtim, status("low/changed").st_mtim }, 0), 0);
	CHECK_INT(chmod(in("root/mode"), 0600), 0);
	CHECK_INT(unlink(in("root/gone")), 0);
	CHECK_INT(mkdir(in("root/dir/new"), 0711), 0);
	put("root/dir/new/file", "new");
	diff("written");
	check_text("written/changed", "AFTER!");
	CHECK_INT(status("written/mode").st_mode & 07777, 0600);
	CHECK(S_ISCHR(status("written/gone").st_mode));
	check_text("written/dir/new/file", "new");
	CHECK_INT(status("written/dir/new").st_mode & 07777, 0711);
	CHECK(!exists("written/same"));
	CHECK(!exists("written/dir/deep"));
	CHECK(!exists("written/still"));
	end();
}

TEST(a_difference_on_top_of_its_layers_is_the_root_again)
{
	begin();
	CHECK_INT(mkdir(in("low/dir"), 0755), 0);
	put("low/dir/a", "a");
	put("low/dir/b", "b");
	put("low/file", "file");
	merge("root", false);
	tick();
	CHECK_INT(unlink(in("root/dir/a")), 0);
	put("root/dir/b", "new b");
	CHECK_INT(unlink(in("root/file")), 0);
	CHECK_INT(mkdir(in("root/file"), 0755), 0);
	put("root/file/inner", "inner");
	CHECK_INT(link(in("root/dir/b"), in("root/c")), 0);
	diff("written");
	CHECK_INT(rename(in("high"), in("unused")), 0);
	CHECK_INT(rename(in("written"), in("high")), 0);
	merge("again", false);
	CHECK(!exists("again/dir/a"));
	check_text("again/dir/b", "new b");
	check_text("again/file/inner", "inner");
	CHECK_INT(status("again/c").st_ino, status("again/dir/b").st_ino);
	end();
}

#define DEEP 2000

/* down() - The directory @levels below one, made where they are missing. */
static int down(const char *name, int levels, bool make)
{
	int fd = open(in(name), O_RDONLY | O_DIRECTORY);

	for (int i = 0; i < levels; i++) {
		int next;

		if (make)
			CHECK_INT(mkdirat(fd, "d", 0755), 0);
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY);
		CHECK(next >= 0);
		close(fd);
		fd = next;
	}
	return fd;
}

static void put_at(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_CREAT | O_TRUNC | O_WRONLY, 0644);

	CHECK_INT(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	close(dir);
}

static void check_text_at(int dir, const char *name, const char *expected)
{
	char text[32] = "";
	int fd = openat(dir, name, O_RDONLY);

	CHECK(fd >= 0);
	CHECK(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	close(dir);
	CHECK_TEXT(text, expected);
}

static void pack(const char *name, uint64_t entries)
{
	int out = open("/dev/null", O_WRONLY), dir = open(in(name), O_RDONLY | O_DIRECTORY);
	struct archive_result result = { 0 };
	struct err e = ERR_INIT;

	if (archive_pack_layer(out, dir, -1, (struct slice){ 0 }, &result, &e) < 0)
		TEST_FAIL("pack: %s: %s", e.text, strerror(e.no));
	CHECK_INT(result.entries, entries);
	close(out);
	close(dir);
}

TEST(a_tree_can_be_deeper_than_there_are_descriptors)
{
	struct rlimit before, few;
	int descriptors, at;

	begin();
	put_at(down("low", DEEP, true), "file", "before");
	CHECK_INT(mkdir(in("high/d"), 0700), 0);
	descriptors = open_descriptors();
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){ 256, before.rlim_max };
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &few), 0);
	merge("root", false);
	check_text_at(down("root", DEEP, false), "file", "before");
	tick();
	put_at(down("root", DEEP, false), "file", "after");
	/* New where nothing is below it, itself deep. */
	at = down("root", 100, false);
	CHECK_INT(mkdirat(at, "new", 0755), 0);
	close(at);
	diff("written");
	check_text_at(down("written", DEEP, false), "file", "after");
	pack("written", DEEP + 2);
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &before), 0);
	CHECK_INT(open_descriptors(), descriptors);
	end();
}

TEST(one_that_is_too_deep_is_an_error)
{
	struct err e = ERR_INIT;

	begin();
	put_at(down("low", 2100, true), "file", "x");
	CHECK_INT(try_flatten("root", false, &e), -1);
	CHECK_INT(e.no, ENAMETOOLONG);
	CHECK(!exists("root"));
	end();
}

TEST(a_directory_that_was_moved_is_no_way_back)
{
	struct dir_lease lease;
	int above, inner;

	begin();
	CHECK_INT(mkdir(in("low/a"), 0755), 0);
	CHECK_INT(mkdir(in("low/a/b"), 0755), 0);
	above = open(in("low/a"), O_RDONLY | O_DIRECTORY);
	inner = open(in("low/a/b"), O_RDONLY | O_DIRECTORY);
	CHECK_INT(dir_lease_begin(&lease, &above, 64), 0);
	CHECK_INT(above, -1);
	CHECK_INT(dir_lease_end(&lease, &above, inner), 0);
	CHECK(above >= 0);
	CHECK_INT(dir_lease_begin(&lease, &above, 64), 0);
	CHECK_INT(rename(in("low/a/b"), in("low/b")), 0);
	CHECK_INT(dir_lease_end(&lease, &above, inner), -1);
	CHECK_INT(errno, ESTALE);
	CHECK_INT(above, -1);
	close(inner);
	end();
}
