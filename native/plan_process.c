/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on the process itself: limits, session, terminal, working directory, and what it becomes. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "init.h"
#include "kernel.h"
#include "plan.h"
#include "procfs.h"
#include "protocol.h"
#include "status.h"

static int op_rlimit(struct plan *p, struct slice args, struct err *e)
{
	uint64_t resource, soft, hard;
	struct rlimit limit;

	(void)p;
	if (arg_u64(args, ARG_RESOURCE, &resource, e) < 0 || arg_u64(args, ARG_SOFT, &soft, e) < 0 || arg_u64(args, ARG_HARD, &hard, e) < 0)
		return -1;
	limit = (struct rlimit){ .rlim_cur = soft, .rlim_max = hard };
	if (setrlimit((__rlimit_resource_t)resource, &limit) < 0)
		return fail(e, errno, "resource %llu", (unsigned long long)resource);
	return 0;
}

static int op_oom_score(struct plan *p, struct slice args, struct err *e)
{
	_close_ int fd = -1;
	struct slice data;

	(void)p;
	if (!find_slice(args, ARG_DATA, &data))
		return fail(e, EINVAL, "score");
	fd = openat(procfs(), "self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write_once(fd, data) < 0)
		return fail(e, errno, "oom_score_adj");
	return 0;
}

static int op_keyring(struct plan *p, struct slice args, struct err *e)
{
	(void)p;
	(void)args;
	return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ? fail(e, errno, "join session keyring") : 0;
}

static int op_setsid(struct plan *p, struct slice args, struct err *e)
{
	(void)p;
	(void)args;
	return setsid() < 0 && errno != EPERM ? fail(e, errno, "setsid") : 0;
}

/*
 * The slave is opened through the master (TIOCGPTPEER), never by its name: /dev/pts belongs to whoever made the image
 * (CVE-2025-52565).
 */
static int op_pty(struct plan *p, struct slice args, struct err *e)
{
	_close_ int master = -1;
	int unlock = 0;

	(void)args;
	master = root_open(p->root, "dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC, 0);
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return fail(e, errno, "master");
	close_fdp(&p->terminal);
	p->terminal = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (p->terminal < 0)
		return fail(e, errno, "slave");
	if (status_send(p->status, STATUS_TERMINAL, NULL, master) < 0)
		return fail(e, errno, "hand over the master");
	if (setsid() < 0 && errno != EPERM)
		return fail(e, errno, "setsid");
	if (ioctl(p->terminal, TIOCSCTTY, 0) < 0)
		return fail(e, errno, "controlling terminal");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(p->terminal, fd) < 0)
			return fail(e, errno, "standard streams");
	return 0;
}

static int op_console(struct plan *p, struct slice args, struct err *e)
{
	_close_ int tree = -1, target = -1;

	(void)args;
	tree = open_tree(p->terminal, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (tree < 0)
		return fail(e, errno, "terminal");
	target = root_open(p->root, "dev/console", O_CREAT | O_NOFOLLOW | O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	if (target < 0)
		return fail(e, errno, "/dev/console");
	if (move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return fail(e, errno, "/dev/console");
	return 0;
}

static int op_umask(struct plan *p, struct slice args, struct err *e)
{
	uint64_t mode;

	(void)p;
	if (arg_u64(args, ARG_MODE, &mode, e) < 0)
		return -1;
	umask((mode_t)mode);
	return 0;
}

/*
 * A working directory such as /proc/self/fd/7 would lead out of the root through a descriptor that was left open
 * (CVE-2024-21626): getcwd() then gives "(unreachable)" or fails.
 */
static int op_chdir(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE], real[PATH_SIZE];

	(void)p;
	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	if (chdir(path) < 0) {
		_close_ int root = -1;
		_close_ int made = -1;

		if (errno != ENOENT || !arg_u64_or(args, ARG_FLAGS, 0))
			return fail(e, errno, "%s", path);
		root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (root < 0)
			return fail(e, errno, "/");
		made = root_mkdirs(root, path, 0755);
		if (made < 0 || fchdir(made) < 0)
			return fail(e, errno, "%s", path);
	}
	if (!getcwd(real, sizeof(real)))
		return fail(e, errno, "%s is outside of the root", path);
	if (real[0] != '/')
		return fail(e, EPERM, "%s is outside of the root", path);
	return 0;
}

static int op_init(struct plan *p, struct slice args, struct err *e)
{
	(void)args;
	(void)p;
	return init_split(e);
}

static int op_pdeathsig(struct plan *p, struct slice args, struct err *e)
{
	uint64_t sig;

	(void)p;
	if (arg_u64(args, ARG_SIGNAL, &sig, e) < 0)
		return -1;
	return prctl(PR_SET_PDEATHSIG, (unsigned long)sig, 0, 0, 0) < 0 ? fail(e, errno, "PR_SET_PDEATHSIG") : 0;
}

/* strings() - All values of a tag as a NULL-terminated vector in freshly allocated memory. Return: NULL with errno. */
static char **strings(struct slice args, uint16_t tag)
{
	struct reader r = reader_of(args);
	size_t count = 0, bytes = 0, n = 0;
	struct field f;
	char **vector, *at;

	while (read_field(&r, &f)) {
		if (f.tag != tag)
			continue;
		if (memchr(f.value.data, 0, f.value.len)) {
			errno = EINVAL;
			return NULL;
		}
		count++;
		bytes += f.value.len + 1;
	}
	vector = malloc((count + 1) * sizeof(char *) + bytes);
	if (!vector)
		return NULL;
	at = (char *)(vector + count + 1);
	r = reader_of(args);
	while (read_field(&r, &f)) {
		if (f.tag != tag)
			continue;
		memcpy(at, f.value.data, f.value.len);
		at[f.value.len] = 0;
		vector[n++] = at;
		at += f.value.len + 1;
	}
	vector[n] = NULL;
	return vector;
}

/*
 * execvp(3)'s search, against the path that the container's process will see. A permission error is remembered but does
 * not end the search; it is reported only when nothing else was found.
 */
static int exec_search(char **argv, char **envp, const char *search)
{
	char candidate[PATH_SIZE];
	int refused = 0;

	if (!argv[0][0]) {
		errno = ENOENT;
		return -1;
	}
	if (strchr(argv[0], '/') || !search[0]) {
		execve(argv[0], argv, envp);
		return -1;
	}
	for (const char *at = search, *end; at; at = *end ? end + 1 : NULL) {
		size_t dir;

		end = strchrnul(at, ':');
		dir = (size_t)(end - at);
		if (dir + strlen(argv[0]) + 2 > sizeof(candidate))
			continue;
		memcpy(candidate, at, dir);
		candidate[dir] = dir ? '/' : 0;
		strcpy(candidate + (dir ? dir + 1 : 0), argv[0]);
		execve(candidate, argv, envp);
		if (errno == EACCES)
			refused = 1;
		else if (errno != ENOENT && errno != ENOTDIR)
			return -1;
	}
	errno = refused ? EACCES : ENOENT;
	return -1;
}

static int op_exec(struct plan *p, struct slice args, struct err *e)
{
	_free_ char **argv = strings(args, ARG_ARG);
	_free_ char **envp = strings(args, ARG_ENV);
	char search[PATH_SIZE] = "";

	if (!argv || !envp)
		return fail(e, errno, "arguments");
	if (!argv[0])
		return fail(e, EINVAL, "no command");
	find_text(args, ARG_PATH, search, sizeof(search));
	/*
	 * Everything is close-on-exec already. That a descriptor of a host directory, or of this binary, stays open in a
	 * container is an escape, so say it once more for all of them (CVE-2016-9962, CVE-2024-21626).
	 */
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return fail(e, errno, "close_range");
	(void)p;
	exec_search(argv, envp, search);
	return fail(e, errno, "%.100s", argv[0]);
}

const struct operation process_operations[] = {
	{ OP_RLIMIT, false, "rlimit", op_rlimit },
	{ OP_OOM_SCORE, false, "oom score", op_oom_score },
	{ OP_KEYRING, false, "keyring", op_keyring },
	{ OP_SETSID, false, "setsid", op_setsid },
	{ OP_PTY, false, "terminal", op_pty },
	{ OP_CONSOLE, false, "console", op_console },
	{ OP_UMASK, false, "umask", op_umask },
	{ OP_CHDIR, false, "working directory", op_chdir },
	{ OP_INIT, false, "init", op_init },
	{ OP_PDEATHSIG, false, "parent death signal", op_pdeathsig },
	{ OP_EXEC, false, "exec", op_exec },
	{ 0 },
};
