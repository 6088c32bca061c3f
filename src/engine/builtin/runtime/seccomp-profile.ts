/**
 * Which system calls a container may make: equal in effect to Docker's default profile (moby/profiles, seccomp/default.json),
 * with io_uring and the AF_ALG and AF_VSOCK families denied as its newer versions do.
 * In a namespace of a single id, calls that would need others are answered with success, whether there is a profile or not.
 */
import { hasCapability } from "./capabilities.js";
import type { SyscallTable } from "./syscall-numbers.js";

/** What happens to a call; the conditional ones look at arguments. */
export type SyscallAction = "allow" | "eperm" | "enosys" | "socket" | "personality" | "clone" | FakeAction;

/** Of a namespace of a single id: told that it was done, whatever it is, or unless it makes what needs no privilege. */
export type FakeAction = "fake" | "fakeMknod" | "fakeMknodat";

const ALLOWED = names(`
  accept accept4 access adjtimex alarm bind brk capget capset chdir chmod chown chown32 clock_adjtime clock_adjtime64 clock_getres
  clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 close close_range connect copy_file_range creat dup
  dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve
  execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32
  fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync
  ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat getcpu getcwd getdents getdents64 getegid
  getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom
  getresgid getresgid32 getresuid getresuid32 getrlimit get_robust_list getrusage getsid getsockname getsockopt get_thread_area gettid
  gettimeofday getuid getuid32 getxattr getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel ioctl io_destroy
  io_getevents io_pgetevents io_pgetevents_time64 ioprio_get ioprio_set io_setup io_submit ipc kill landlock_add_rule landlock_create_ruleset
  landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listxattr listxattrat llistxattr _llseek lremovexattr lseek lsetxattr
  lstat lstat64 madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap
  mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal
  msgctl msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat _newselect open openat openat2 pause
  pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64
  process_mrelease pselect6 pselect6_time64 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recv recvfrom recvmmsg
  recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction
  rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo
  sched_getaffinity sched_getattr sched_getparam sched_get_priority_max sched_get_priority_min sched_getscheduler sched_rr_get_interval
  sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop
  semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32
  setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32
  setrlimit set_robust_list setsid setsockopt set_thread_area set_tid_address setuid setuid32 setxattr setxattrat shmat shmctl shmdt shmget
  shutdown sigaltstack signalfd signalfd4 sigprocmask sigreturn socketcall socketpair splice stat stat64 statfs statfs64 statx symlink
  symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64
  timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate
  truncate64 ugetrlimit umask uname unlink unlinkat utime utimensat utimensat_time64 utimes vfork vmsplice wait4 waitid waitpid write writev
  cachestat process_vm_readv process_vm_writev ptrace arch_prctl modify_ldt
`);

const BY_CAPABILITY: Readonly<Record<string, ReadonlySet<string>>> = {
  DAC_READ_SEARCH: names("open_by_handle_at"),
  SYS_ADMIN: names(`
    bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree perf_event_open
    quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare
  `),
  SYS_BOOT: names("reboot"),
  SYS_CHROOT: names("chroot"),
  SYS_MODULE: names("delete_module init_module finit_module"),
  SYS_PACCT: names("acct"),
  SYS_PTRACE: names("kcmp pidfd_getfd process_madvise"),
  SYS_RAWIO: names("iopl ioperm"),
  SYS_TIME: names("settimeofday stime clock_settime clock_settime64"),
  SYS_TTY_CONFIG: names("vhangup"),
  SYS_NICE: names("get_mempolicy mbind set_mempolicy set_mempolicy_home_node"),
  SYSLOG: names("syslog"),
  BPF: names("bpf"),
  PERFMON: names("perf_event_open"),
};

/** Changes of owner and of ids, which have nothing to change to where there is one id. Of what is read back, getuid(2) and stat(2) tell the truth. */
const FAKED = names(`
  chown chown32 fchown fchown32 fchownat lchown lchown32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setregid
  setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32
`);

/** The action for every number up to the highest known; what is beyond is newer than the profile: ENOSYS, so that callers fall back. */
export function syscallActions(table: SyscallTable, capabilities: bigint, singleId = false): readonly SyscallAction[] {
  const granted = new Set(
    Object.entries(BY_CAPABILITY).flatMap(([capability, calls]) => (hasCapability(capabilities, capability) ? [...calls] : [])),
  );
  const highest = Math.max(...table.values());
  const actions: SyscallAction[] = Array<SyscallAction>(highest + 1).fill("enosys");
  for (const [name, number] of table) actions[number] = (singleId && fakeOf(name)) || actionOf(name, granted);
  return actions;
}

/** Of a container that has no profile, in a namespace of a single id: all that is not faked is allowed, what is newer than the table as well. */
export function fakingActions(table: SyscallTable): readonly SyscallAction[] {
  const actions: SyscallAction[] = Array<SyscallAction>(Math.max(...table.values()) + 1).fill("allow");
  for (const [name, number] of table) actions[number] = fakeOf(name) ?? "allow";
  return actions;
}

function fakeOf(name: string): FakeAction | undefined {
  if (FAKED.has(name)) return "fake";
  return name === "mknod" ? "fakeMknod" : name === "mknodat" ? "fakeMknodat" : undefined;
}

function actionOf(name: string, granted: ReadonlySet<string>): SyscallAction {
  if (ALLOWED.has(name) || granted.has(name)) return "allow";
  if (name === "socket" || name === "personality" || name === "clone") return name;
  // Its flags are in memory, where a filter can't look; C libraries fall back to clone.
  return name === "clone3" ? "enosys" : "eperm";
}

function names(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/));
}
