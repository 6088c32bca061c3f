/** Mounts that the spec asks for: binds of host paths, tmpfs. */
import type { MountSpec } from "../../engine.js";
import { optionError } from "../../errors.js";
import type { Operation, Plan } from "../supervisor/codec.js";
import { MountAttr, OpenTree } from "./kernel-constants.js";
import { mountNew } from "./plan-pseudo-mounts.js";

const SLOT = 4;

/** What a host path is: found out before planning. */
export type HostPathKind = "directory" | "file";

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

/** Parents first, so that a mount below another is not hidden by it. @throws OPTION_INVALID */
export function planUserMounts(mounts: readonly MountSpec[], kindOf: (source: string) => HostPathKind): Plan {
  return [...mounts]
    .sort((a, b) => depth(a.target) - depth(b.target))
    .flatMap((mount) =>
      mount.type === "tmpfs" ? planTmpfs(mount) : planBind(mount.source, mount.target, mount.readonly ?? false, kindOf(mount.source)),
    );
}

export function planBind(source: string, target: string, readonly: boolean, kind: HostPathKind): Operation[] {
  const path = inRoot(target);
  return [
    kind === "directory" ? { op: "MKDIR", path, mode: 0o755 } : { op: "TOUCH", path, mode: 0o644 },
    { op: "OPEN_TREE", slot: SLOT, path: source, flags: OpenTree.CLONE | OpenTree.RECURSIVE },
    ...(readonly ? [{ op: "MOUNT_SETATTR" as const, slot: SLOT, set: MountAttr.RDONLY, flags: OpenTree.RECURSIVE }] : []),
    { op: "MOVE_MOUNT", slot: SLOT, path },
  ];
}

function planTmpfs(mount: Extract<MountSpec, { type: "tmpfs" }>): Operation[] {
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
  return mountNew("tmpfs", inRoot(mount.target), flags, values);
}

function inRoot(target: string): string {
  return target.replace(/^\/+/, "");
}

function depth(target: string): number {
  return target.split("/").filter(Boolean).length;
}
