/** Devices of the host in a container: those that the spec names, or all for a privileged one. */

import { inRoot } from "../../spec/mount-targets.js";
import type { Plan } from "../supervisor/codec.js";
import type { DeviceRule } from "./device-rules.js";
import { type HostFacts, inUserNamespace } from "./host-facts.js";
import { FileType, makeDevice, OpenTree } from "./kernel-constants.js";
import { SLOT } from "./plan-mounts.js";
import { bindDevice } from "./plan-pseudo-mounts.js";

/** What was found on the host before planning. */
export interface HostDevices {
  readonly named: readonly { readonly hostPath: string; readonly containerPath: string }[];
  /** Of those. */
  readonly rules: readonly DeviceRule[];
  /** Nodes of the host's /dev, for a privileged container. */
  readonly all: readonly DeviceNode[];
  /** Whose I/O is limited: `MAJOR:MINOR` by path. */
  readonly disks: ReadonlyMap<string, string>;
}

export interface DeviceNode {
  /** Below the root: `dev/input/event0`. */
  readonly path: string;
  readonly type: "c" | "b";
  readonly permissions: number;
  readonly major: number;
  readonly minor: number;
}

export const NO_DEVICES: HostDevices = { named: [], rules: [], all: [], disks: new Map() };

export function planNamedDevices({ named }: HostDevices): Plan {
  return named.flatMap(({ hostPath, containerPath }): Plan => {
    const path = inRoot(containerPath);
    return [
      { op: "TOUCH", path, mode: 0o644 },
      { op: "OPEN_TREE", slot: SLOT, path: hostPath, flags: OpenTree.CLONE | OpenTree.RECURSIVE },
      { op: "MOVE_MOUNT", slot: SLOT, path },
    ];
  });
}

/** Before whatever the spec mounts there: a node that exists can't be made. */
export function planAllDevices({ all }: HostDevices, host: HostFacts): Plan {
  const directories = new Set(all.map(({ path }) => path.slice(0, path.lastIndexOf("/"))).filter((directory) => directory !== "dev"));
  return [
    ...[...directories].sort().map((path): Plan[number] => ({ op: "MKDIR", path, mode: 0o755 })),
    ...all.flatMap(
      ({ path, type, permissions, major, minor }): Plan =>
        inUserNamespace(host)
          ? bindDevice(`/${path}`, path)
          : [
              {
                op: "MKNOD",
                path,
                mode: (type === "c" ? FileType.CHARACTER : FileType.BLOCK) | permissions,
                dev: makeDevice(major, minor),
              },
            ],
    ),
  ];
}
