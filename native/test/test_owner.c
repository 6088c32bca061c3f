/* SPDX-License-Identifier: Apache-2.0 */
/* Owners of files, in a namespace of all ids and in one of a single id. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "owner.h"
#include "test.h"

static char directory[64];
static int file = -1;

static void begin(void)
{
	strcpy(directory, "/tmp/test-owner-XXXXXX");
	CHECK(mkdtemp(directory));
	CHECK((file = openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY)) >= 0);
}

static void end(void)
{
	close(file);
	CHECK_INT(rmdir(directory), 0);
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	CHECK(fd >= 0);
	CHECK_INT(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* with_one_id() - Runs @check in a child whose namespace has root alone, as a user makes it without help. */
static void with_one_id(void (*check)(void))
{
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (pid == 0) {
		CHECK_INT(unshare(CLONE_NEWUSER), 0);
		write_text("/proc/self/setgroups", "deny");
		write_text("/proc/self/uid_map", "0 0 1");
		write_text("/proc/self/gid_map", "0 0 1");
		owner_detect();
		check();
		_exit(0);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
}

static void check_recalled(uint32_t expected_uid, uint32_t expected_gid)
{
	uint32_t uid = 1, gid = 2;

	owner_recall(file, &uid, &gid);
	CHECK_INT(uid, expected_uid);
	CHECK_INT(gid, expected_gid);
}

static void check_owner_on_disk(uid_t uid, gid_t gid)
{
	struct stat st;

	CHECK_INT(fstat(file, &st), 0);
	CHECK_INT(st.st_uid, uid);
	CHECK_INT(st.st_gid, gid);
}

TEST(with_all_ids_an_owner_is_the_file_systems)
{
	begin();
	owner_detect();
	CHECK(!owner_is_flat());
	CHECK_INT(owner_change(file, "", 7, 8, AT_EMPTY_PATH), 0);
	check_owner_on_disk(7, 8);
	CHECK_INT(owner_remember(file, 7, 8), 0);
	CHECK_INT(fgetxattr(file, OWNER_XATTR, NULL, 0), -1);
	CHECK_INT(errno, ENODATA);
	check_recalled(1, 2);
	end();
}

static void change(void)
{
	CHECK(owner_is_flat());
	CHECK_INT(owner_change(file, "", 7, 8, AT_EMPTY_PATH), 0);
	check_owner_on_disk(0, 0);
}

TEST(with_one_id_a_change_of_owner_is_none)
{
	begin();
	with_one_id(change);
	end();
}

static void remember(void)
{
	check_recalled(1, 2);
	CHECK_INT(owner_remember(file, 4294967294u, 8), 0);
	check_recalled(4294967294u, 8);
	CHECK_INT(owner_remember(file, 0, 0), 0);
	CHECK_INT(fgetxattr(file, OWNER_XATTR, NULL, 0), -1);
	CHECK_INT(errno, ENODATA);
	CHECK_INT(owner_remember(file, 0, 0), 0);
}

TEST(with_one_id_an_archives_owner_is_kept_beside_the_file)
{
	begin();
	with_one_id(remember);
	end();
}

/* A container can write what it likes into the attribute. */
static void recall_garbage(void)
{
	static const char *const texts[] = { "", ":", "7", "7:", "x:7", ":7", "7 8", "a container was here, and that is far too long" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CHECK_INT(fsetxattr(file, OWNER_XATTR, texts[i], strlen(texts[i]), 0), 0);
		check_recalled(1, 2);
	}
}

TEST(what_is_no_owner_is_not_recalled)
{
	begin();
	with_one_id(recall_garbage);
	end();
}
