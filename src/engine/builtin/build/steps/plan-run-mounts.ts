/** The operations that mount what `RUN --mount` asks for. Pure. */

import type { HostFacts } from "../../runtime/host-facts.js";
import { FsConfig, MountAttr, OpenTree } from "../../runtime/kernel-constants.js";
import type { LaunchAdditions } from "../../runtime/plan-launch.js";
import { FIRST_FREE_SLOT, openLayers } from "../../runtime/plan-mounts.js";
import { mountNew } from "../../runtime/plan-pseudo-mounts.js";
import type { Operation, Plan } from "../../supervisor/codec.js";

/** Where a mount's files come from, once that is known. */
export type MountSource =
  /** A path in a root file system: directories of layers, lowest first. */
  | {
      readonly kind: "layers";
      readonly layers: readonly string[];
      readonly path: string;
      readonly isDirectory: boolean;
      readonly scratch: string | undefined;
    }
  | { readonly kind: "host"; readonly path: string; readonly isDirectory: boolean }
  | { readonly kind: "tmpfs"; readonly sizeBytes: number | undefined }
  | { readonly kind: "content"; readonly content: Buffer; readonly mode: number; readonly uid: number; readonly gid: number };

export interface PlannedMount {
  readonly target: string;
  readonly source: MountSource;
  readonly readonly: boolean;
}

const MNT_DETACH = 2;
const CONTEXT = FIRST_FREE_SLOT - 2;
const MOUNT = FIRST_FREE_SLOT - 1;

export function planRunMounts(mounts: readonly PlannedMount[], mountpoint: string, empty: string, host: HostFacts): LaunchAdditions {
  const sources: Operation[] = [];
  const places: Operation[] = [];
  mounts.forEach(({ target, source, readonly }, index) => {
    const slot = FIRST_FREE_SLOT + index;
    const path = target.replace(/^\/+/, "");
    if (source.kind === "tmpfs") {
      const size = source.sizeBytes === undefined ? {} : { size: String(source.sizeBytes) };
      places.push(...mountNew("tmpfs", path, MountAttr.NOSUID | MountAttr.NODEV, { mode: "1777", ...size }));
      return;
    }
    sources.push(...openSource(source, slot, mountpoint, empty, host));
    const isDirectory = source.kind !== "content" && source.isDirectory;
    places.push(isDirectory ? { op: "MKDIR", path, mode: 0o755 } : { op: "TOUCH", path, mode: 0o644 });
    if (readonly) places.push({ op: "MOUNT_SETATTR", slot, set: MountAttr.RDONLY, flags: OpenTree.RECURSIVE });
    places.push({ op: "MOVE_MOUNT", slot, path });
  });
  return { sources, mounts: places };
}

function openSource(
  source: Exclude<MountSource, { kind: "tmpfs" }>,
  slot: number,
  mountpoint: string,
  empty: string,
  host: HostFacts,
): Plan {
  if (source.kind === "host") return [{ op: "OPEN_TREE", slot, path: source.path, flags: OpenTree.CLONE | OpenTree.RECURSIVE }];
  const close: Operation = { op: "UMOUNT", path: mountpoint, flags: MNT_DETACH };
  if (source.kind === "layers") {
    const { layers, scratch, path } = source;
    return openLayers({ layers: [empty, ...layers], scratch }, path, slot, { mountpoint, host });
  }
  // In memory only: what is secret never reaches a disk.
  return [
    { op: "FSOPEN", slot: CONTEXT, name: "tmpfs" },
    { op: "FSCONFIG", slot: CONTEXT, command: FsConfig.SET_STRING, name: "mode", data: "0755" },
    { op: "FSMOUNT", slot: CONTEXT, slot2: MOUNT, flags: MountAttr.NOSUID | MountAttr.NODEV },
    { op: "MOVE_MOUNT_HOST", slot: MOUNT, path: mountpoint },
    { op: "ROOT", path: mountpoint },
    { op: "WRITE", path: "content", data: source.content, mode: source.mode, uid: source.uid, gid: source.gid },
    { op: "OPEN_TREE_IN_ROOT", slot, path: "content", flags: OpenTree.CLONE },
    close,
  ];
}
