/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire protocol between Node and the supervisor.
 *
 * Control channel: one stream socket, inherited as descriptor 3. Frames in both directions, little endian:
 *
 *     u32 length of what follows | u32 id | u16 kind | u16 zero | fields...
 *
 * A field is `u16 tag | u16 zero | u32 length | bytes`; integers are 8 bytes, strings carry no NUL, lists repeat a tag,
 * structures nest fields. A request has a non-zero id and gets exactly one MSG_OK or MSG_ERROR with that id; events have
 * id 0. The first frame must be MSG_HELLO.
 *
 * Streams: bulk data never travels on the control channel. Node connects to the session's stream socket, writes an
 * 8-byte token and then uses the connection as a plain byte stream; requests name the token. Half-close means EOF.
 *
 * src/engine/builtin/supervisor/protocol.ts mirrors this file; a test compares the two.
 */
#ifndef CAISSON_PROTOCOL_H
#define CAISSON_PROTOCOL_H

#define PROTOCOL_VERSION 1
#define FRAME_MAX (4u << 20)

enum msg_kind {
	MSG_OK = 1,
	MSG_ERROR = 2,

	MSG_HELLO = 16,		/* VERSION, PATH session dir, CGROUP... -> VERSION, PID */
	MSG_LAUNCH = 17,	/* ID, CLONE_FLAGS, CGROUP?, PREPARE?, PLAN, STDIN, TTY?, LOG, LOG_MAX, OOM_FILE?, NAMES?, UPLINK?, PID_OF? -> PID, WARNING... */
	MSG_EXEC = 18,		/* ID container, EXEC_ID, CGROUP?, PLAN, TTY?, TOKEN_IN?, TOKEN_OUT, TOKEN_ERR?, FLAGS? -> PID */
	MSG_SIGNAL = 19,	/* ID or EXEC_ID, SIGNAL; FLAGS 1, with EXEC_ID: to its process group */
	MSG_RESIZE = 20,	/* ID or EXEC_ID, ROWS, COLUMNS */
	MSG_STDIN = 21,		/* ID, TOKEN_IN: feeds the container's stdin; FLAGS 1: closes it when the stream ends */
	MSG_LOG_WAIT = 22,	/* ID, OFFSET -> SIZE, FLAGS 1 when the log is complete. Answers once SIZE > OFFSET or complete */
	MSG_DESTROY = 23,	/* ID, FLAGS 1: kill what runs, remove cgroups, published ports and (without the flag) scratch -> nothing */
	MSG_PUBLISH = 24,	/* ID, NETWORK?, PROTO, HOST_IP..., HOST_PORT (0: any), ADDRESS, PORT, SOURCE? -> HOST_PORT */
	MSG_UNPUBLISH = 25,	/* ID: every port of the container */
	MSG_LISTENING = 26,	/* ID -> SOCKET... */
	MSG_WAIT_LISTENING = 27,/* ID, WANTED... -> SOCKET...; events MSG_EV_LISTENING meanwhile when FLAGS 1 */
	MSG_CANCEL = 28,	/* REQUEST: ends a waiting request with ECANCELED */
	MSG_UNPACK = 29,	/* PATH (new dir), TOKEN_IN, FLAGS -> ENTRIES, BYTES, OPAQUE..., IMPLICIT..., SIZE and DIGEST when asked for */
	MSG_PACK = 30,		/* PATH (upper dir), TOKEN_OUT, FLAGS, MTIME?, EXCLUDE... -> ENTRIES, BYTES */
	MSG_COPY_IN = 31,	/* ID or PLAN, PATH, TOKEN_IN, FLAGS -> ENTRIES */
	MSG_COPY_OUT = 32,	/* ID or PLAN, PATH, TOKEN_OUT, FLAGS -> ENTRIES */
	MSG_READ_FILE = 33,	/* ID or PLAN, PATH..., LIMIT -> FILE... in order; LIMIT 0: without contents, of any type,
				 * and with FLAGS 1 of a link itself */
	MSG_REMOVE_TREE = 34,	/* PATH, FLAGS 1: answer once it is renamed away, remove in the background; LOCK?: EBUSY while it is held */
	MSG_TRY = 35,		/* CLONE_FLAGS, PLAN, ID? target of OP_SETNS: runs a plan in a child that then exits -> WARNING... */
	MSG_NETWORK = 36,	/* ID, PLAN of OP_NETLINK and OP_SYSCTL, UPLINK?: a network namespace that belongs to no container */
	MSG_NETWORK_REMOVE = 37,/* ID: it goes once nobody is in it */
	MSG_NAME_REPLY = 38,	/* ID, DATA, and what the query came with: ADDRESS and PORT, or TOKEN_OUT. Nobody to tell: fine */
	MSG_UPLINK = 48,	/* ID container or network, UPLINK: other settings from now on; its PORT stays */

	MSG_HOLD = 40,		/* PATH: a shared lock on that file, until MSG_LET_GO or the session's end. ENOENT: removed meanwhile */
	MSG_LET_GO = 41,	/* PATH */
	MSG_HELD = 42,		/* PATH... -> HELD... in order */
	MSG_LOCK = 43,		/* PATH: an exclusive lock on that file, which is made where it is missing, until MSG_UNLOCK or the session's end.
				 * Answers once it is ours; FLAGS 1: EAGAIN where it is somebody else's. EALREADY: this session asked for it before */
	MSG_UNLOCK = 44,	/* PATH: which is removed */
	MSG_AWAIT_UNLOCK = 45,	/* PATH: answers once whoever has the lock now has given it back, also where another one has it by then */
	MSG_AWAIT_FILE = 50,	/* PATH, DATA to write there, WATCHED, TEXT: answers once a line of WATCHED is TEXT. FLAGS 1: it announces nothing */
	MSG_INHERIT = 52,	/* PATH (a layer), IMPLICIT..., LOWER... topmost first: what the layer doesn't say of them, the lower ones do */

	MSG_EV_EXIT = 64,	/* ID, EXIT_CODE or SIGNAL, DATA? contents of OOM_FILE */
	MSG_EV_EXEC_EXIT = 65,	/* EXEC_ID, EXIT_CODE or SIGNAL */
	MSG_EV_LISTENING = 66,	/* REQUEST, SOCKET... */
	MSG_EV_NAME_QUERY = 67,	/* ID, DATA: a DNS message, and who asks: ADDRESS, PORT (UDP), or TOKEN_OUT (TCP) */
	MSG_EV_HOST_REFUSED = 70,/* ID container or network whose UPLINK has no way for a TCP connection from SOURCE to ADDRESS, PORT; told once,
				 * and only of so many */
};

enum field_tag {
	/* of replies */
	TAG_ERRNO = 1,		/* u64 */
	TAG_TEXT = 2,		/* what the supervisor was doing */
	TAG_OP = 3,		/* index of the failed operation in PLAN or PREPARE */
	TAG_PHASE = 4,		/* u64 enum phase */
	TAG_WARNING = 5,	/* struct { OP, ERRNO, PHASE } of an optional operation that failed */

	TAG_VERSION = 8,
	TAG_PID = 9,
	TAG_ID = 10,		/* container, at most 64 bytes */
	TAG_EXEC_ID = 11,
	TAG_PATH = 12,
	TAG_CGROUP = 13,	/* LAUNCH, EXEC: v2 directory to be cloned into. HELLO: session directories, one a hierarchy */
	TAG_CLONE_FLAGS = 14,
	TAG_PREPARE = 15,	/* operations run by the supervisor itself, before it clones */
	TAG_PLAN = 16,		/* operations run by the child */
	TAG_STDIN = 17,		/* u64 enum stdin_mode */
	TAG_TTY = 18,		/* u64 1 */
	TAG_LOG = 19,		/* path of the log file */
	TAG_LOG_MAX = 20,	/* bytes */
	TAG_OOM_FILE = 21,	/* path read when the container exits */
	TAG_TOKEN_IN = 22,
	TAG_TOKEN_OUT = 23,
	TAG_TOKEN_ERR = 24,
	TAG_SIGNAL = 25,
	TAG_EXIT_CODE = 26,
	TAG_ROWS = 27,
	TAG_COLUMNS = 28,
	TAG_FLAGS = 29,
	TAG_OFFSET = 30,
	TAG_SIZE = 31,
	TAG_PROTO = 32,		/* 6 or 17 */
	TAG_HOST_IP = 33,	/* 4 or 16 bytes, network order */
	TAG_HOST_PORT = 34,
	TAG_ADDRESS = 35,	/* 4 or 16 bytes: where the container is reached */
	TAG_PORT = 36,
	TAG_SOURCE = 37,	/* 4 or 16 bytes: address that connections come from */
	TAG_SOCKET = 38,	/* struct { PROTO, ADDRESS, PORT } */
	TAG_WANTED = 39,	/* struct { PROTO, PORT } */
	TAG_REQUEST = 40,	/* id of another request */
	TAG_ENTRIES = 41,
	TAG_BYTES = 42,
	TAG_OPAQUE = 43,	/* path of an opaque directory */
	TAG_LIMIT = 44,
	TAG_FILE = 45,		/* struct { MODE, UID, GID, SIZE, MTIME, PATH, then DATA or ERRNO }, or { ERRNO } */
	TAG_DATA = 46,
	TAG_SCRATCH = 47,	/* directory that goes when the container is destroyed */
	TAG_CGROUP_DIR = 48,	/* LAUNCH: directories that go when the container is destroyed, one a hierarchy */
	TAG_MTIME = 49,		/* seconds; of MSG_PACK: cap for the times in the tar */
	TAG_ENTRY = 50,		/* name of the tar entry that failed */
	TAG_MODE = 51,		/* with the file's type, as in struct stat */
	TAG_UID = 52,
	TAG_GID = 53,
	TAG_NETWORK = 54,	/* id of MSG_NETWORK. PUBLISH: connections come from there, and not from inside the container */
	TAG_NAMES = 55,		/* LAUNCH: struct { ADDRESS 4 bytes, PORT: where DNS queries are taken in the container's network namespace,
				 * DATA? nf_tables batch to send there, which leads queries to them } */
	TAG_DIGEST = 56,	/* sha256, 32 bytes */
	TAG_IMPLICIT = 57,	/* path of a directory of a layer that has no entry in its archive */
	TAG_LOWER = 58,		/* directory of a lower layer */

	TAG_LOCK = 60,		/* path of a file that MSG_HOLD locks */
	TAG_HELD = 61,		/* u64 1 where any session holds it */
	TAG_EXCLUDE = 62,	/* directory, relative, whose contents are left out */
	TAG_UPLINK = 64,	/* LAUNCH, NETWORK: struct { PORT of our sockets in the namespace, DATA? nf_tables batch to send there,
				 * CAPTURE?, MARK?, RULE... } */
	TAG_RULE = 65,		/* struct { ADDRESS, PREFIX, PORT?, SOURCE?, HOST_IP... addresses to dial, FLAGS enum uplink_flag }: the first that
				 * fits decides; what none fits, and what has nothing to dial, is refused */
	TAG_PREFIX = 66,	/* bits of ADDRESS that matter */
	TAG_CAPTURE = 67,	/* nfnetlink_log request by which we get the first packets of connections: those are dialed before they are accepted */
	TAG_MARK = 68,		/* of packets that we send into the namespace */
	TAG_WATCHED = 80,	/* path of a file of the kernel's */
	TAG_PID_OF = 81,	/* LAUNCH: id of the container whose pid namespace is shared */
};

/* PHASE_UPLINK, PHASE_NAMES (its DATA): nothing else is wrong, and it would do without. */
enum phase { PHASE_REQUEST = 0, PHASE_PREPARE = 1, PHASE_PLAN = 2, PHASE_CLONE = 3, PHASE_UPLINK = 4, PHASE_NAMES = 5 };

enum stdin_mode { STDIN_NULL = 0, STDIN_PIPE = 1 };

/*
 * Operations of a plan. Each is a field whose tag is the opcode, with the arguments nested as fields of enum arg_tag.
 * Slots are small integers that name descriptors (0..63). "In root" paths are resolved by openat2(RESOLVE_IN_ROOT)
 * below the directory that OP_ROOT opened; "host" paths are taken as they are.
 * With ARG_OPTIONAL a failure is reported as a warning and the plan goes on.
 */
enum op_code {
	OP_OPEN_TREE = 1,	/* SLOT, PATH host, FLAGS */
	OP_OPEN_TREE_IN_ROOT = 2,/* SLOT, PATH in root, FLAGS */
	OP_FSOPEN = 3,		/* SLOT, NAME */
	OP_FSCONFIG = 4,	/* SLOT, COMMAND, NAME, DATA? or SLOT2? */
	OP_FSMOUNT = 5,		/* SLOT fs context, SLOT2 result, FLAGS MOUNT_ATTR_*; creates the superblock first */
	OP_MOUNT_SETATTR = 6,	/* SLOT, SET, CLEAR, PROPAGATION, FLAGS AT_RECURSIVE */
	OP_MOVE_MOUNT = 7,	/* SLOT, PATH in root, FLAGS enum move_flag */
	OP_MOVE_MOUNT_HOST = 8,	/* SLOT, PATH host */
	OP_MOUNT = 9,		/* NAME source, PATH host target, FSTYPE, FLAGS, DATA; with CWD: chdir there first */
	OP_MOUNT_PROPAGATION = 10,/* PATH host, FLAGS MS_* */
	OP_ROOT = 11,		/* PATH host: from now on the root of in-root paths */
	OP_MKDIR = 12,		/* PATH in root, MODE, UID?, GID?: with parents; exists already: left as it is */
	OP_TOUCH = 13,		/* PATH in root, MODE: an empty file unless something is there */
	OP_MKNOD = 14,		/* PATH in root, MODE with type, DEV */
	OP_SYMLINK = 15,	/* PATH in root, DATA target */
	OP_WRITE = 16,		/* PATH in root, MODE, DATA, UID?, GID? */
	OP_HOST_MKDIR = 17,	/* PATH, MODE; exists already: fine */
	OP_HOST_WRITE = 18,	/* PATH, DATA; MODE?: create. One write(2) */
	OP_SYSCTL = 19,		/* PATH below /proc/sys, DATA: through a verified procfs */
	OP_PIVOT_ROOT = 20,
	OP_UNSHARE = 21,	/* FLAGS */
	OP_SETNS = 22,		/* FLAGS: namespaces of the container (EXEC, TRY); NAME? network namespace of this container or network */
	OP_HOSTNAME = 23,	/* DATA */
	OP_DOMAINNAME = 24,	/* DATA */
	OP_NETLINK = 25,	/* DATA: netlink requests, in order; those with NLM_F_ACK are waited for. VALUE? protocol, else rtnetlink.
				 * NAME? network whose namespace they are sent in. OFFSET...: where a descriptor of the namespace
				 * that we are in goes, 4 bytes each */
	OP_RLIMIT = 26,		/* RESOURCE, SOFT, HARD */
	OP_OOM_SCORE = 27,	/* DATA */
	OP_KEYRING = 28,	/* a new session keyring */
	OP_SETSID = 29,
	OP_PTY = 30,		/* opens /dev/pts/ptmx in root, makes it the controlling terminal and stdio */
	OP_UMASK = 31,		/* MODE */
	OP_CHDIR = 32,		/* PATH; after OP_PIVOT_ROOT. FLAGS 1: make it when missing. Checks that it is inside the root */
	OP_INIT = 33,		/* forks: PID 1 stays behind as an init that forwards signals and reaps */
	OP_BOUNDING = 34,	/* CAPS to keep in the bounding set */
	OP_KEEPCAPS = 35,	/* VALUE 0/1 */
	OP_GROUPS = 36,		/* GID... */
	OP_SETGID = 37,		/* GID */
	OP_SETUID = 38,		/* UID */
	OP_CAPSET = 39,		/* EFFECTIVE, PERMITTED, INHERITABLE */
	OP_AMBIENT = 40,	/* CAPS */
	OP_NO_NEW_PRIVS = 41,
	OP_SECCOMP = 42,	/* DATA struct sock_filter[], FLAGS */
	OP_PDEATHSIG = 43,	/* SIGNAL */
	OP_BPF_DEVICE = 44,	/* PATH cgroup, DATA struct bpf_insn[]: loads and attaches (PREPARE) */
	OP_EXEC = 45,		/* ARG..., ENV..., PATH? search path. Last */
	OP_CHROOT = 46,		/* PATH host; where pivot_root is refused */
	OP_UMOUNT = 47,		/* PATH host, FLAGS */
	OP_CONSOLE = 48,	/* binds the terminal of OP_PTY on /dev/console in root */
	OP_AWAIT = 49,		/* until the supervisor has the namespaces of a new container, and has done what it owes it there */

	OP_OPEN_TREE_BENEATH = 60,/* SLOT, PATH host directory, DATA path that must stay below it, FLAGS */
	OP_OPEN_TREE_OF = 61,	/* SLOT, NAME running container (none: the host), PATH in its root, FLAGS */
	OP_MOUNT_POINT = 62,	/* SLOT, PATH in root: made where missing, a directory or an empty file as what SLOT holds */
	OP_POPULATE = 63,	/* PATH in root, CWD host directory, DATA directory below it: becomes a copy of PATH if empty. NAME beside CWD: scratch */
	OP_JOIN = 64,		/* NAME running container, FLAGS: its namespaces */
	OP_HOST_CHOWN = 65,	/* PATH, UID, GID: not followed where it is a link */
	OP_SINGLE_ID = 66,	/* UID, GID: a user namespace below ours where root's id is that one, and no other is */
	OP_FLATTEN = 67,	/* PATH host directory, made of ARG... layers, lowest first, unless it is there; FLAGS enum flatten_flag */
	OP_TREE_DIFF = 68,	/* PATH host directory, made of what CWD, a copy by OP_FLATTEN, has changed of NAME, one of the same layers */
	OP_CGROUP = 69,		/* PATH: a cgroup of the session, made where it is missing (PREPARE) */
};

enum arg_tag {
	ARG_SLOT = 1,
	ARG_SLOT2 = 2,
	ARG_PATH = 3,
	ARG_NAME = 4,
	ARG_DATA = 5,
	ARG_FLAGS = 6,
	ARG_MODE = 7,
	ARG_UID = 8,
	ARG_GID = 9,
	ARG_DEV = 10,		/* makedev(3) as the kernel encodes it for mknod(2) */
	ARG_COMMAND = 11,	/* enum fsconfig_command */
	ARG_SET = 12,
	ARG_CLEAR = 13,
	ARG_PROPAGATION = 14,
	ARG_FSTYPE = 15,
	ARG_CWD = 16,
	ARG_RESOURCE = 17,
	ARG_SOFT = 18,
	ARG_HARD = 19,
	ARG_CAPS = 20,
	ARG_EFFECTIVE = 21,
	ARG_PERMITTED = 22,
	ARG_INHERITABLE = 23,
	ARG_VALUE = 24,
	ARG_SIGNAL = 25,
	ARG_ARG = 26,
	ARG_ENV = 27,
	ARG_OPTIONAL = 28,
	ARG_OFFSET = 29,
};

/* Flags of MSG_EXEC. */
enum exec_flag {
	EXEC_OWN_PIDS = 1,	/* the container has the supervisor's pid namespace: there is none to step into */
};

/* Flags of OP_FLATTEN. */
enum flatten_flag {
	FLATTEN_LINK = 1,	/* to be read only: files are links to the layers' */
};

/* Flags of OP_MOVE_MOUNT. */
enum move_flag {
	MOVE_FOLLOW = 1,	/* a link at the end of PATH is followed, in root; the root itself and /proc are refused */
	MOVE_INTO_PROC = 2,	/* /proc is allowed */
};

/* Flags of MSG_UNPACK, MSG_COPY_IN. */
enum unpack_flag {
	UNPACK_LAYER = 1,	/* translate whiteouts to overlay's form */
	UNPACK_NO_OWNER = 2,	/* everything belongs to root */
	UNPACK_NO_OVERWRITE_TYPE = 4, /* refuse to replace a directory by something else and the reverse */
	UNPACK_USERXATTR = 8,	/* overlay attributes as user.overlay.* */
	/* UNPACK alone: */
	UNPACK_DIGEST = 16,	/* tell size and digest of the plain tar */
	UNPACK_GZIP = 32,	/* the stream is compressed; its CRC isn't checked: for those who know the digest */
};

/* Flags of TAG_RULE. */
enum uplink_flag {
	UPLINK_DIAL = 1,	/* the destination itself, after HOST_IP */
};

/* Flags of MSG_PACK, MSG_COPY_OUT. */
enum pack_flag {
	PACK_NAMES = 1,		/* entries without contents and attributes: what is there. Sockets as FIFOs */
};

#endif
