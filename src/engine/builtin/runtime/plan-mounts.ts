/** From a container's mounts, whose sources are known, to operations. */
import { createHash } from "node:crypto";
import type { MountPropagation, TmpfsMountSpec } from "../../engine.js";
import { optionError } from "../../errors.js";
import { depth, inRoot, isProcFile } from "../../spec/mount-targets.js";
import type { Operation, Plan } from "../supervisor/codec.js";
import { MoveFlag } from "../supervisor/protocol.js";
import type { HostFacts } from "./host-facts.js";
import { FsConfig, MountAttr, MountFlag, OpenTree } from "./kernel-constants.js";
import { planOverlay, type RootfsOptions, scratchDirectories } from "./plan-rootfs.js";

/** Slots of the plan that this file uses: sources of mounts from the second one on. */
const CONTEXT = 2;
export const SLOT = 4;
/** Sources that must be opened before the root is there have slots from here on. */
export const FIRST_FREE_SLOT = 16;
const SLOTS = 64;

const MNT_DETACH = 2;

/** Where the files of a mount come from. */
export type MountSource =
  /** A file or directory of the data root. */
  | { readonly kind: "own"; readonly path: string }
  /** Of the host, with what is mounted there by now. */
  | { readonly kind: "host"; readonly path: string; readonly recursive?: boolean; readonly propagation?: MountPropagation }
  /** A path that must not leave a directory of the host. */
  | { readonly kind: "beneath"; readonly directory: string; readonly path: string }
  /** A path in a root file system that consists of layers; with a scratch directory, in a writable one. */
  | ({ readonly kind: "layers"; readonly path: string } & LayersSource)
  /** What another, running container sees at a path. */
  | { readonly kind: "container"; readonly id: string; readonly path: string }
  | { readonly kind: "tmpfs"; readonly spec: TmpfsMountSpec };

export interface LayersSource extends Pick<RootfsOptions, "layers" | "work"> {
  /** Directory with the writable layer; none: read-only. */
  readonly scratch?: string | undefined;
  /** Make the scratch directory with its parts, and the directory that the path names. */
  readonly make?: boolean;
}

export interface PlannedMount {
  readonly target: string;
  readonly readonly: boolean;
  readonly source: MountSource;
  /** Directories of the host that must be there first, parents before what is below them. */
  readonly make?: readonly string[];
  /** Fill the directory with what the image has at the target, if it is empty. */
  readonly fill?: { readonly directory: string; readonly path: string } | undefined;
}

export interface MountsPlan {
  /** Before the root file system is mounted: what needs the mountpoint for itself, and what other containers have. */
  readonly sources: Plan;
  /** In the root file system, before anything is mounted in it. */
  readonly contents: Plan;
  /** Parents first, so that a mount below another is not hidden by it. */
  readonly places: Plan;
}

export interface MountsContext {
  /** An empty directory to mount on for a moment. */
  readonly mountpoint: string;
  readonly host: HostFacts;
}

/** @throws OPTION_INVALID */
export function planMounts(mounts: readonly PlannedMount[], context: MountsContext): MountsPlan {
  const sources: Operation[] = [];
  let free = FIRST_FREE_SLOT;
  const placed = mounts.map(({ source, target, readonly }) => {
    if (source.kind === "tmpfs") return { target, plan: planTmpfs(source.spec, context.host) };
    const before = source.kind === "layers" || source.kind === "container";
    const slot = before ? free++ : SLOT;
    if (slot >= SLOTS) throw optionError("mounts", mounts.length, `at most ${SLOTS - FIRST_FREE_SLOT} of images and other containers`);
    const open = openSource(source, slot, context);
    if (before) sources.push(...open);
    return { target, plan: [...(before ? [] : open), ...place(slot, target, readonly, source)] };
  });
  placed.sort((a, b) => depth(a.target) - depth(b.target));
  return { sources, contents: mounts.flatMap(planContents), places: placed.flatMap(({ plan }) => plan) };
}

/** A path in a root file system that consists of layers, as a tree of its own in a slot; the mountpoint is free again afterwards. */
export function openLayers(source: LayersSource, path: string, slot: number, { mountpoint, host }: MountsContext): Plan {
  const { layers, scratch, work, make = false } = source;
  const open: Operation = { op: "OPEN_TREE_IN_ROOT", slot, path: inRoot(path) || ".", flags: OpenTree.CLONE | OpenTree.RECURSIVE };
  // An overlay without an upper directory must have two lower ones.
  if (scratch === undefined && layers.length === 1) return [{ op: "ROOT", path: layers[0]! }, open];
  return [
    ...(make && scratch !== undefined ? scratchDirectories(scratch, work) : []),
    ...planOverlay({ layers, scratch, work, mountpoint, writable: scratch !== undefined, host }),
    { op: "ROOT", path: mountpoint },
    ...(make ? [{ op: "MKDIR" as const, path: inRoot(path), mode: 0o755 }] : []),
    open,
    { op: "UMOUNT", path: mountpoint, flags: MNT_DETACH },
  ];
}

function openSource(source: Exclude<MountSource, { kind: "tmpfs" }>, slot: number, context: MountsContext): Plan {
  const flags = OpenTree.CLONE | OpenTree.RECURSIVE;
  switch (source.kind) {
    case "own":
      return [{ op: "OPEN_TREE", slot, path: source.path, flags }];
    case "host":
      return openHost(source, slot, context.host);
    case "beneath":
      return [{ op: "OPEN_TREE_BENEATH", slot, path: source.directory, data: source.path, flags }];
    case "layers":
      return openLayers(source, source.path, slot, context);
    case "container":
      return [{ op: "OPEN_TREE_OF", slot, name: source.id, path: inRoot(source.path), flags }];
  }
}

/**
 * From the host's own namespace: that of the supervisor sees mounts that came later only where the host shares its mounts, and what
 * happens in it never reaches the host. Who has no privileges over the host's takes what the supervisor sees.
 */
function openHost(
  { path, recursive = true, propagation = "rprivate" }: MountSource & { kind: "host" },
  slot: number,
  host: HostFacts,
): Plan {
  const flags = OpenTree.CLONE | (recursive ? OpenTree.RECURSIVE : 0);
  const all = recursive && propagation.startsWith("r") ? OpenTree.RECURSIVE : 0;
  return [
    host.uid === 0 ? { op: "OPEN_TREE_OF", slot, path: inRoot(path), flags } : { op: "OPEN_TREE", slot, path, flags },
    // A copy of a shared mount is one of those who share: even a private one must be made so.
    { op: "MOUNT_SETATTR", slot, propagation: PROPAGATION[propagation.replace(/^r/, "")]!, flags: all },
  ];
}

const PROPAGATION: Readonly<Record<string, number>> = { private: MountFlag.PRIVATE, slave: MountFlag.SLAVE, shared: MountFlag.SHARED };

function place(slot: number, target: string, readonly: boolean, source: MountSource): Plan {
  const path = inRoot(target);
  const recursive = !(source.kind === "host" && source.recursive === false);
  return [
    ...(readonly ? [{ op: "MOUNT_SETATTR" as const, slot, set: MountAttr.RDONLY, flags: recursive ? OpenTree.RECURSIVE : 0 }] : []),
    { op: "MOUNT_POINT", slot, path },
    { op: "MOVE_MOUNT", slot, path, flags: MoveFlag.FOLLOW | (isProcFile(target) ? MoveFlag.INTO_PROC : 0) },
  ];
}

function planContents({ target, make = [], fill }: PlannedMount): Operation[] {
  const directories = make.map((path): Operation => ({ op: "HOST_MKDIR", path, mode: 0o755 }));
  if (fill === undefined) return directories;
  const { directory, path } = fill;
  return [...directories, { op: "POPULATE", path: inRoot(target), cwd: directory, data: path, name: scratchName(path) }];
}

/** Of a copy that is not complete: tells apart which directory of a volume it is for. */
function scratchName(path: string): string {
  return `filling-${createHash("sha256").update(path).digest("hex").slice(0, 16)}`;
}

const TMPFS_FLAGS: Readonly<Record<string, number>> = {
  ro: MountAttr.RDONLY,
  nosuid: MountAttr.NOSUID,
  nodev: MountAttr.NODEV,
  noexec: MountAttr.NOEXEC,
};
/** Options that take a flag away, or say what is so already. */
const TMPFS_CLEAR: Readonly<Record<string, number>> = {
  rw: MountAttr.RDONLY,
  suid: MountAttr.NOSUID,
  dev: MountAttr.NODEV,
  exec: MountAttr.NOEXEC,
};
const TMPFS_VALUES = ["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks"];

function planTmpfs(mount: TmpfsMountSpec, host: HostFacts): Operation[] {
  let flags: number = MountAttr.NOSUID | MountAttr.NODEV | MountAttr.NOEXEC;
  const values: Record<string, string> = { mode: (mount.mode ?? 0o1777).toString(8) };
  if (mount.sizeBytes !== undefined) values["size"] = String(mount.sizeBytes);
  for (const option of mount.options ?? []) {
    const [name = "", value] = option.split("=");
    if (TMPFS_FLAGS[name] !== undefined) flags |= TMPFS_FLAGS[name];
    else if (TMPFS_CLEAR[name] !== undefined) flags &= ~TMPFS_CLEAR[name];
    else if (value !== undefined && TMPFS_VALUES.includes(name)) values[name] = value;
    else
      throw optionError(`mounts.${mount.target}`, option, "an option of tmpfs", [
        ...Object.keys(TMPFS_FLAGS),
        ...Object.keys(TMPFS_CLEAR),
        ...TMPFS_VALUES.map((key) => `${key}=...`),
      ]);
  }
  // With a single id there is nobody else to whom it could belong, and the kernel takes no other: as files do, it belongs to that one.
  if (host.userNamespace?.single !== undefined) for (const name of ["uid", "gid"]) delete values[name];
  const path = inRoot(mount.target);
  return [
    { op: "FSOPEN", slot: CONTEXT, name: "tmpfs" },
    { op: "FSCONFIG", slot: CONTEXT, command: FsConfig.SET_STRING, name: "source", data: "tmpfs" },
    ...Object.entries(values).map(
      ([name, data]): Operation => ({ op: "FSCONFIG", slot: CONTEXT, command: FsConfig.SET_STRING, name, data }),
    ),
    { op: "FSMOUNT", slot: CONTEXT, slot2: SLOT, flags },
    { op: "MOUNT_POINT", slot: SLOT, path },
    { op: "MOVE_MOUNT", slot: SLOT, path, flags: MoveFlag.FOLLOW },
  ];
}
