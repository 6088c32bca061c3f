/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls and constants that the C library of the oldest supported build host (glibc 2.36, Linux 6.1 headers) has no
 * wrapper for.
 */
#ifndef CAISSON_KERNEL_H
#define CAISSON_KERNEL_H

#include <errno.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT 47
#endif

/*
 * kernel_clone3() - clone3(2) without a stack. Sandboxes that can't look into its structure refuse it as if there were none, and expect
 * clone(2) instead, which can all of it but CLONE_INTO_CGROUP.
 */
static inline int kernel_clone3(struct clone_args *args)
{
	int pid = (int)syscall(SYS_clone3, args, sizeof(*args));

	if (pid >= 0 || errno != ENOSYS || args->flags & CLONE_INTO_CGROUP)
		return pid;
	return (int)syscall(SYS_clone, (unsigned long)(args->flags | args->exit_signal), 0, (int *)(uintptr_t)args->pidfd, 0, 0);
}

static inline int kernel_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static inline int kernel_pidfd_send_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

static inline int kernel_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static inline int kernel_openat2(int dir, const char *path, struct open_how *how)
{
	return (int)syscall(SYS_openat2, dir, path, how, sizeof(*how));
}

#endif
