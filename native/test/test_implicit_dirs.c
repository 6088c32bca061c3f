/* SPDX-License-Identifier: Apache-2.0 */
/* Which directories an archive leaves undescribed, and what they take over from the layers below. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "implicit_dirs.h"
#include "overlay_attr.h"
#include "protocol.h"
#include "test.h"

static char lower_paths[2][80];	/* topmost first */
static struct {
	char path[64];
	int top, layer, below[2];
} at;

static int make_dir(int parent, const char *name, mode_t mode)
{
	CHECK_INT(mkdirat(parent, name, 0700), 0);
	CHECK_INT(fchmodat(parent, name, mode, 0), 0);
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void begin(void)
{
	strcpy(at.path, "/tmp/test-implicit-dirs-XXXXXX");
	CHECK(mkdtemp(at.path));
	at.top = open(at.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	at.layer = make_dir(at.top, "layer", 0755);
	for (int i = 0; i < 2; i++) {
		const char *name = i == 0 ? "upper" : "lower";

		snprintf(lower_paths[i], sizeof(lower_paths[i]), "%s/%s", at.path, name);
		at.below[i] = make_dir(at.top, name, 0755);
	}
}

static void end(void)
{
	char command[96];

	close(at.layer);
	close(at.below[0]);
	close(at.below[1]);
	close(at.top);
	snprintf(command, sizeof(command), "rm -rf %s", at.path);
	CHECK_INT(system(command), 0);
}

static int inherit(const char *path, struct err *e)
{
	struct writer request = { 0 };
	int result;

	put_text(&request, TAG_IMPLICIT, path);
	for (int i = 0; i < 2; i++)
		put_text(&request, TAG_LOWER, lower_paths[i]);
	*e = (struct err)ERR_INIT;
	result = implicit_dirs_inherit(at.layer, (struct slice){ request.data, request.len }, e);
	writer_free(&request);
	return result;
}

static struct stat inherited(const char *path)
{
	struct stat st;
	struct err e;

	if (inherit(path, &e) < 0)
		TEST_FAIL("%s: %s", path, e.text);
	CHECK_INT(fstatat(at.layer, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st;
}

TEST(all_that_a_directory_is_comes_from_the_topmost_layer_that_has_it)
{
	const struct timespec times[2] = { { 1000, 5 }, { 1000, 5 } };
	char value[8];
	struct stat st;
	int fd;

	begin();
	close(make_dir(at.layer, "d", 0755));
	close(make_dir(at.below[0], "other", 0700));
	fd = make_dir(at.below[1], "d", 0755);
	CHECK_INT(fchown(fd, 7, 8), 0);
	CHECK_INT(fchmod(fd, 03770), 0);
	CHECK_INT(fsetxattr(fd, "user.note", "x", 1, 0), 0);
	CHECK_INT(fsetxattr(fd, "trusted.note", "x", 1, 0), 0);
	CHECK_INT(overlay_set_opaque(fd, false), 0);
	CHECK_INT(futimens(fd, times), 0);
	close(fd);
	st = inherited("d");
	CHECK_INT(st.st_mode & 07777, 03770);
	CHECK_INT(st.st_uid, 7);
	CHECK_INT(st.st_gid, 8);
	CHECK_INT(st.st_mtim.tv_sec, 1000);
	CHECK_INT(st.st_mtim.tv_nsec, 5);
	fd = openat(at.layer, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(fgetxattr(fd, "user.note", value, sizeof(value)), 1);
	CHECK_INT(fgetxattr(fd, "trusted.note", value, sizeof(value)), -1);
	CHECK(!overlay_is_opaque(fd));
	close(fd);
	close(make_dir(at.below[0], "d", 0711));
	CHECK_INT(inherited("d").st_mode & 07777, 0711);
	end();
}

TEST(what_is_hidden_below_counts_for_nothing)
{
	int fd;

	begin();
	for (int i = 0; i < 4; i++) {
		static const char *const names[] = { "file", "whiteout", "opaque", "link" };

		fd = make_dir(at.layer, names[i], 0755);
		close(make_dir(fd, "d", 0755));
		close(fd);
		fd = make_dir(at.below[1], names[i], 0700);
		close(make_dir(fd, "d", 0700));
		close(fd);
	}
	close(openat(at.below[0], "file", O_CREAT | O_CLOEXEC, 0600));
	CHECK_INT(mknodat(at.below[0], "whiteout", S_IFCHR, makedev(0, 0)), 0);
	CHECK_INT(symlinkat("file", at.below[0], "link"), 0);
	fd = make_dir(at.below[0], "opaque", 0711);
	CHECK_INT(overlay_set_opaque(fd, false), 0);
	close(fd);
	CHECK_INT(inherited("file").st_mode & 07777, 0755);
	CHECK_INT(inherited("whiteout/d").st_mode & 07777, 0755);
	CHECK_INT(inherited("link/d").st_mode & 07777, 0755);
	/* It hides what was in it, and is there itself. */
	CHECK_INT(inherited("opaque").st_mode & 07777, 0711);
	CHECK_INT(inherited("opaque/d").st_mode & 07777, 0755);
	end();
}

TEST(an_opaque_directory_of_the_layer_itself_hides_what_is_in_it)
{
	int fd;

	begin();
	fd = make_dir(at.layer, "a", 0755);
	close(make_dir(fd, "b", 0755));
	CHECK_INT(overlay_set_opaque(fd, false), 0);
	close(fd);
	fd = make_dir(at.below[0], "a", 0700);
	close(make_dir(fd, "b", 0700));
	close(fd);
	CHECK_INT(inherited("a/b").st_mode & 07777, 0755);
	CHECK_INT(inherited("a").st_mode & 07777, 0700);
	end();
}

TEST(nothing_outside_of_the_layer_is_touched)
{
	struct stat st;
	struct err e;

	begin();
	close(make_dir(at.top, "outside", 0755));
	close(make_dir(at.below[0], "link", 0700));
	close(make_dir(at.below[0], "outside", 0700));
	CHECK_INT(symlinkat("../outside", at.layer, "link"), 0);
	CHECK_INT(inherit("link", &e), 0);
	CHECK_INT(inherit("../outside", &e), -1);
	CHECK_INT(e.no, EINVAL);
	CHECK_INT(inherit("missing/d", &e), 0);
	CHECK_INT(fstatat(at.top, "outside", &st, 0), 0);
	CHECK_INT(st.st_mode & 07777, 0755);
	end();
}

TEST(directories_that_were_described_after_all_are_not_reported)
{
	struct implicit_dirs implicit = { 0 };
	struct dir_times described = { 0 };
	struct writer notes = { 0 };
	struct err e = ERR_INIT;
	static const char *const paths[] = { "b/c", "b", "a", "b/c", "a/x", "a/x" }, *const expected[] = { "a", "b/c" };
	struct reader r;
	struct field f;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		CHECK_INT(implicit_dirs_add(&implicit, paths[i], &e), 0);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(dir_times_add(&described, "b", (struct timespec){ 0 }, &e), 0);
		CHECK_INT(dir_times_add(&described, "a/x", (struct timespec){ 0 }, &e), 0);
		CHECK_INT(dir_times_add(&described, "never", (struct timespec){ 0 }, &e), 0);
	}
	CHECK_INT(implicit_dirs_report(&implicit, &described, &notes, &e), 0);
	r = reader_of((struct slice){ notes.data, notes.len });
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		char text[16];

		CHECK(read_field(&r, &f) && f.tag == TAG_IMPLICIT && slice_text(f.value, text, sizeof(text)));
		CHECK_TEXT(text, expected[i]);
	}
	CHECK(!read_field(&r, &f) && !r.bad);
	writer_free(&notes);
	implicit_dirs_free(&implicit);
	dir_times_free(&described);
}

TEST(more_than_a_reply_holds_is_refused)
{
	struct implicit_dirs implicit = { 0 };
	struct dir_times described = { 0 };
	struct writer notes = { 0 };
	struct err e = ERR_INIT;
	char path[4000];

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = 0;
	for (int i = 0; i < 600; i++) {
		path[0] = (char)('0' + i % 10);
		path[1] = (char)('0' + i / 10 % 10);
		path[2] = (char)('0' + i / 100);
		CHECK_INT(implicit_dirs_add(&implicit, path, &e), 0);
	}
	CHECK_INT(implicit_dirs_report(&implicit, &described, &notes, &e), -1);
	CHECK_INT(e.no, E2BIG);
	writer_free(&notes);
	implicit_dirs_free(&implicit);
}
