/**
 * Mounting a container's root file system: an overlay of the image's layers, with a writable layer on top or without. Where the host mounts
 * none (`overlayRefused`), it is a copy of the layers, which files of the same image share where the file system has reflinks.
 */
import { createHash } from "node:crypto";
import path from "node:path";
import type { Plan } from "../supervisor/codec.js";
import { FlattenFlag } from "../supervisor/protocol.js";
import { type HostFacts, inUserNamespace, kernelAtLeast } from "./host-facts.js";
import { FsConfig, MountAttr, MountFlag, OpenTree } from "./kernel-constants.js";

/** Slots of the plan that hold the overlay's context and its mount. */
const CONTEXT = 0;
export const ROOT_SLOT = 1;

/** fsconfig(2) takes string values of at most 255 bytes. */
const FSCONFIG_VALUE_MAX = 255;

export interface RootfsOptions {
  /** Directories, lowest first, without repeats: overlay refuses those. */
  readonly layers: readonly string[];
  /** The container's own directory; undefined for the image alone. */
  readonly scratch: string | undefined;
  readonly mountpoint: string;
  readonly writable: boolean;
  readonly host: HostFacts;
  /** Tells work directories apart: a `volatile` overlay can't be mounted again with the one it had. @default "work" */
  readonly work?: string | undefined;
  /** What is synced must be there after a power failure. @default false: nothing is synced (`volatile`) */
  readonly durable?: boolean | undefined;
}

/** Directories that must be there before the mount. Run by the supervisor, or first in a plan. */
export function scratchDirectories(scratch: string, work = "work"): Plan {
  return [scratch, path.join(scratch, "upper"), path.join(scratch, work)].map((directory) => ({
    op: "HOST_MKDIR",
    path: directory,
    mode: 0o755,
  }));
}

/** A whole plan: private mounts, the overlay, and the root that in-root paths refer to. */
export function planRootfs(options: RootfsOptions): Plan {
  const { layers, scratch, mountpoint, writable } = options;
  const own: Plan = [{ op: "MOUNT_PROPAGATION", path: "/", flags: MountFlag.REC | MountFlag.PRIVATE }];
  if (scratch === undefined && layers.length === 1) return [{ op: "ROOT", path: layers[0]! }];
  if (scratch !== undefined && writable) {
    const work = options.work ?? "work-copy";
    return [...own, ...scratchDirectories(scratch, work), ...planOverlay({ ...options, work }), { op: "ROOT", path: mountpoint }];
  }
  if (scratch !== undefined && options.host.overlayRefused !== undefined)
    return [...own, ...mountCopy(copyLayers(layers, scratch), copyOf(scratch), mountpoint, true), { op: "ROOT", path: mountpoint }];
  const lower = scratch === undefined ? layers : [...layers, path.join(scratch, "upper")];
  return [...own, ...planOverlay({ ...options, layers: lower, scratch: undefined }), { op: "ROOT", path: mountpoint }];
}

/** What a container has written, where its root file system is a copy: in it. */
export function copyOf(scratch: string): string {
  return path.join(scratch, "root");
}

/** Makes the copy that is a container's root file system, unless there is one. It takes its time: before limits of the container hold. */
export function copyLayers(layers: readonly string[], scratch: string): Plan {
  return [
    { op: "HOST_MKDIR", path: scratch, mode: 0o755 },
    { op: "FLATTEN", path: copyOf(scratch), arg: layers },
  ];
}

/** Layers as one directory that is only read: links to their files, made once a session. */
export function linkLayers(layers: readonly string[], mountpoint: string): { readonly plan: Plan; readonly directory: string } {
  const all = path.join(path.dirname(mountpoint), "merged");
  const directory = path.join(all, createHash("sha256").update(layers.join("\n")).digest("hex").slice(0, 32));
  return {
    directory,
    plan: [
      { op: "HOST_MKDIR", path: all, mode: 0o700 },
      { op: "FLATTEN", path: directory, arg: layers, flags: FlattenFlag.LINK },
    ],
  };
}

function mountCopy(make: Plan, directory: string, mountpoint: string, readonly: boolean): Plan {
  return [
    ...make,
    { op: "OPEN_TREE", slot: ROOT_SLOT, path: directory, flags: OpenTree.CLONE },
    ...(readonly ? [{ op: "MOUNT_SETATTR" as const, slot: ROOT_SLOT, set: MountAttr.RDONLY, flags: 0 }] : []),
    { op: "MOVE_MOUNT_HOST", slot: ROOT_SLOT, path: mountpoint },
  ];
}

/** The root file system alone, mounted on the mountpoint. */
export function planOverlay(options: RootfsOptions): Plan {
  const { layers, scratch, host, mountpoint } = options;
  if (host.overlayRefused !== undefined) {
    if (scratch !== undefined) return mountCopy(copyLayers(layers, scratch), copyOf(scratch), mountpoint, false);
    const { plan, directory } = linkLayers(layers, mountpoint);
    return mountCopy(plan, directory, mountpoint, true);
  }
  const upper =
    scratch === undefined ? undefined : { upperdir: path.join(scratch, "upper"), workdir: path.join(scratch, options.work ?? "work") };
  const longest = Math.max(...[...layers, ...Object.values(upper ?? {})].map((directory) => Buffer.byteLength(directory)));
  // `lowerdir+` takes one layer at a time: no page-sized limit and nothing to escape.
  return kernelAtLeast(host, 6, 8) && longest <= FSCONFIG_VALUE_MAX ? withContext(options, upper) : withMount(options, upper);
}

type Upper = { readonly upperdir: string; readonly workdir: string } | undefined;

function withContext({ layers, mountpoint, host, durable }: RootfsOptions, upper: Upper): Plan {
  const flag = (name: string): Plan[number] => ({ op: "FSCONFIG", slot: CONTEXT, command: FsConfig.SET_FLAG, name });
  const set = (name: string, data: string): Plan[number] => ({ op: "FSCONFIG", slot: CONTEXT, command: FsConfig.SET_STRING, name, data });
  return [
    { op: "FSOPEN", slot: CONTEXT, name: "overlay" },
    set("source", "overlay"),
    ...(inUserNamespace(host) ? [flag("userxattr")] : []),
    ...[...layers].reverse().map((layer) => set("lowerdir+", layer)),
    ...(upper ? [set("upperdir", upper.upperdir), set("workdir", upper.workdir), ...(durable ? [] : [flag("volatile")])] : []),
    { op: "FSMOUNT", slot: CONTEXT, slot2: ROOT_SLOT, flags: 0 },
    { op: "MOVE_MOUNT_HOST", slot: ROOT_SLOT, path: mountpoint },
  ];
}

/** mount(2), whose options must fit a page: relative names below the layers' common directory. */
function withMount({ layers, mountpoint, host, durable }: RootfsOptions, upper: Upper): Plan {
  const cwd = commonDirectory(layers);
  const lower = [...layers].reverse().map((layer) => escapeLayer(path.relative(cwd, layer)));
  const data = [`lowerdir=${lower.join(":")}`];
  if (upper) data.push(`upperdir=${escapeOption(upper.upperdir)}`, `workdir=${escapeOption(upper.workdir)}`);
  if (upper && !durable && kernelAtLeast(host, 5, 10)) data.push("volatile");
  // Overlay's marks are user.* attributes then: trusted.* ones take CAP_SYS_ADMIN over the host (Linux 5.11).
  if (inUserNamespace(host)) data.push("userxattr");
  return [{ op: "MOUNT", name: "overlay", path: mountpoint, fstype: "overlay", data: data.join(","), cwd }];
}

function commonDirectory(layers: readonly string[]): string {
  const [first = "/", ...rest] = layers.map((layer) => path.dirname(layer));
  let common = first;
  while (!rest.every((directory) => directory === common || directory.startsWith(common === "/" ? "/" : `${common}/`)))
    common = path.dirname(common);
  return common;
}

function escapeOption(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll(",", "\\,");
}

function escapeLayer(value: string): string {
  return escapeOption(value).replaceAll(":", "\\:");
}
