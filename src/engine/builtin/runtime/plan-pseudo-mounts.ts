/** /proc, /dev, /sys and what is hidden or protected in them (OCI runtime-spec config-linux.md "Default Filesystems", Docker's defaults). */
import type { Operation, Plan } from "../supervisor/codec.js";
import { type HostFacts, inUserNamespace } from "./host-facts.js";
import { FileType, FsConfig, MountAttr, makeDevice, OpenTree } from "./kernel-constants.js";

/** Slots of the plan that this file uses. */
const CONTEXT = 2;
const MOUNT = 3;

const DEFAULT_SHM_BYTES = 64 << 20;
const TTY_GID = 5;

export interface PseudoMountOptions {
  readonly host: HostFacts;
  readonly privileged: boolean;
  readonly ownNetwork: boolean;
  readonly hostPid: boolean;
  readonly sharedMemory: SharedMemory;
}

/** Whose memory is at /dev/shm. */
export type SharedMemory =
  | { readonly of: "itself"; readonly sizeBytes: number | undefined }
  | { readonly of: "host" | "none" }
  | { readonly of: "container"; readonly container: string };

const restricted = MountAttr.NOSUID | MountAttr.NODEV | MountAttr.NOEXEC;

export function planPseudoMounts(options: PseudoMountOptions): Plan {
  const { host, privileged, ownNetwork, hostPid, sharedMemory } = options;
  const systemFlags = restricted | (privileged ? 0 : MountAttr.RDONLY);
  return [
    ...planProc(host, hostPid),
    ...mountNew("tmpfs", "dev", MountAttr.NOSUID | MountAttr.STRICTATIME, { mode: "755", size: "65536k" }),
    ...deviceNodes(host),
    ...mountNew("devpts", "dev/pts", MountAttr.NOSUID | MountAttr.NOEXEC, {
      ptmxmode: "0666",
      mode: "0620",
      ...(host.userNamespace?.single ? {} : { gid: String(TTY_GID) }),
    }),
    ...planSharedMemory(sharedMemory),
    // Shows the queues of the IPC namespace that this is mounted in, whoever's it is.
    ...mountNew("mqueue", "dev/mqueue", restricted).map((operation) => ({ ...operation, optional: true })),
    // A sysfs of one's own shows the devices of one's own network namespace, and can only be mounted there.
    ...(ownNetwork ? mountNew("sysfs", "sys", systemFlags) : bindReadonlyTree("/sys", "sys")),
    ...(ownNetwork && host.cgroups.version === "2"
      ? mountNew("cgroup2", "sys/fs/cgroup", systemFlags, { source: "cgroup" }).map((operation) => ({ ...operation, optional: true }))
      : []),
    ...(privileged ? [] : [...maskDirectories(host.protectedPaths.maskedDirectories), ...maskFiles(host.protectedPaths.maskedFiles)]),
    ...(privileged ? [] : host.protectedPaths.readonly.flatMap(protect)),
  ];
}

function planProc(host: HostFacts, hostPid: boolean): Plan {
  // Of the host's pid namespace a user namespace can't mount one.
  if (inUserNamespace(host) && hostPid) return bindTree("/proc", "proc");
  if (host.procRefused === undefined) return mountNew("proc", "proc", restricted);
  // It shows processes that are not the container's, which keeps its pid namespace: they can be seen, but neither signalled nor changed.
  return bindTree("/proc", "proc", [{ op: "MOUNT_SETATTR", slot: MOUNT, set: restricted | MountAttr.RDONLY, flags: OpenTree.RECURSIVE }]);
}

/** A new file system of a kind, mounted on an in-root directory that is made where it is missing. What `mount` shows as its source is Docker's. */
export function mountNew(type: string, target: string, flags: number, values: Readonly<Record<string, string>> = {}): Operation[] {
  return [
    { op: "MKDIR", path: target, mode: 0o755 },
    { op: "FSOPEN", slot: CONTEXT, name: type },
    ...Object.entries({ source: type, ...values }).map(
      ([name, data]): Operation => ({ op: "FSCONFIG", slot: CONTEXT, command: FsConfig.SET_STRING, name, data }),
    ),
    { op: "FSMOUNT", slot: CONTEXT, slot2: MOUNT, flags },
    { op: "MOVE_MOUNT", slot: MOUNT, path: target },
  ];
}

/** The same on an absolute path, for trials: nothing but the mount. */
export function mountOnHost(type: string, path: string): Operation[] {
  return [
    { op: "FSOPEN", slot: CONTEXT, name: type },
    { op: "FSMOUNT", slot: CONTEXT, slot2: MOUNT, flags: restricted },
    { op: "MOVE_MOUNT_HOST", slot: MOUNT, path },
  ];
}

function deviceNodes(host: HostFacts): Plan {
  const node = (name: string, major: number, minor: number): Operation[] =>
    inUserNamespace(host)
      ? bindDevice(`/dev/${name}`, `dev/${name}`)
      : [{ op: "MKNOD", path: `dev/${name}`, mode: FileType.CHARACTER | 0o666, dev: makeDevice(major, minor) }];
  const link = (name: string, data: string): Operation => ({ op: "SYMLINK", path: `dev/${name}`, data });
  return [
    ...node("null", 1, 3),
    ...node("zero", 1, 5),
    ...node("full", 1, 7),
    ...node("random", 1, 8),
    ...node("urandom", 1, 9),
    ...node("tty", 5, 0),
    link("fd", "/proc/self/fd"),
    link("stdin", "/proc/self/fd/0"),
    link("stdout", "/proc/self/fd/1"),
    link("stderr", "/proc/self/fd/2"),
    link("core", "/proc/kcore"),
    link("ptmx", "pts/ptmx"),
  ];
}

function planSharedMemory(memory: SharedMemory): Plan {
  switch (memory.of) {
    case "none":
      return [];
    case "host":
      return bindHost("/dev/shm", "dev/shm");
    case "itself":
      return mountNew("tmpfs", "dev/shm", restricted, { source: "shm", mode: "1777", size: String(memory.sizeBytes ?? DEFAULT_SHM_BYTES) });
    case "container":
      return [
        { op: "MKDIR", path: "dev/shm", mode: 0o755 },
        { op: "OPEN_TREE_OF", slot: MOUNT, name: memory.container, path: "dev/shm", flags: OpenTree.CLONE },
        { op: "MOVE_MOUNT", slot: MOUNT, path: "dev/shm" },
      ];
  }
}

function bindHost(source: string, target: string): Operation[] {
  return [
    { op: "MKDIR", path: target, mode: 0o755 },
    { op: "OPEN_TREE", slot: MOUNT, path: source, flags: OpenTree.CLONE },
    { op: "MOVE_MOUNT", slot: MOUNT, path: target },
  ];
}

/** The host's node: a user namespace has no devices of its own (mknod(2)). */
export function bindDevice(source: string, target: string): Operation[] {
  return [
    { op: "TOUCH", path: target, mode: 0o644 },
    { op: "OPEN_TREE", slot: MOUNT, path: source, flags: OpenTree.CLONE },
    { op: "MOVE_MOUNT", slot: MOUNT, path: target },
  ];
}

function bindReadonlyTree(source: string, target: string): Operation[] {
  return bindTree(source, target, [{ op: "MOUNT_SETATTR", slot: MOUNT, set: MountAttr.RDONLY, flags: OpenTree.RECURSIVE }]);
}

/** With all that is mounted below it. @param before it is seen */
function bindTree(source: string, target: string, before: readonly Operation[] = []): Operation[] {
  return [
    { op: "MKDIR", path: target, mode: 0o755 },
    { op: "OPEN_TREE", slot: MOUNT, path: source, flags: OpenTree.CLONE | OpenTree.RECURSIVE },
    ...before,
    { op: "MOVE_MOUNT", slot: MOUNT, path: target },
  ];
}

/** One empty read-only tmpfs, bound over every hidden directory. */
function maskDirectories([first, ...others]: readonly string[]): Operation[] {
  if (first === undefined) return [];
  return [
    { op: "FSOPEN", slot: CONTEXT, name: "tmpfs" },
    { op: "FSCONFIG", slot: CONTEXT, command: FsConfig.SET_STRING, name: "source", data: "tmpfs" },
    { op: "FSCONFIG", slot: CONTEXT, command: FsConfig.SET_STRING, name: "nr_inodes", data: "2" },
    { op: "FSMOUNT", slot: CONTEXT, slot2: MOUNT, flags: MountAttr.RDONLY | MountAttr.NOSUID | MountAttr.NODEV | MountAttr.NOEXEC },
    { op: "MOVE_MOUNT", slot: MOUNT, path: first },
    ...others.flatMap((path): Operation[] => [
      { op: "OPEN_TREE_IN_ROOT", slot: MOUNT, path: first, flags: OpenTree.CLONE },
      { op: "MOVE_MOUNT", slot: MOUNT, path },
    ]),
  ];
}

/** The host's /dev/null, opened before the image's files can be in the way (CVE-2025-31133). */
function maskFiles(paths: readonly string[]): Operation[] {
  return paths.flatMap((path): Operation[] => [
    { op: "OPEN_TREE", slot: MOUNT, path: "/dev/null", flags: OpenTree.CLONE },
    { op: "MOVE_MOUNT", slot: MOUNT, path },
  ]);
}

function protect(path: string): Operation[] {
  return [
    { op: "OPEN_TREE_IN_ROOT", slot: MOUNT, path, flags: OpenTree.CLONE | OpenTree.RECURSIVE },
    {
      op: "MOUNT_SETATTR",
      slot: MOUNT,
      set: MountAttr.RDONLY | MountAttr.NOSUID | MountAttr.NODEV | MountAttr.NOEXEC,
      flags: OpenTree.RECURSIVE,
    },
    { op: "MOVE_MOUNT", slot: MOUNT, path },
  ];
}
