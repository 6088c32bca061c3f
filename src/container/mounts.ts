/** From the shapes that `Container`'s methods take to mounts of the contract. Pure. */
import type { MountSpec } from "../engine/engine.js";
import { optionError } from "../engine/errors.js";
import type { BindMount, VolumeMount } from "./container-options.js";

const MODES = ["rw", "ro", "z", "Z"];

/** @throws OPTION_INVALID */
export function bindMount({ source, target, mode, createSource }: BindMount): MountSpec {
  return { type: "bind", source, target, readonly: isReadonly("bindMounts.mode", mode), createSource };
}

/** @throws OPTION_INVALID */
export function volumeMount({ source, target, mode, noCopy, subpath }: VolumeMount): MountSpec {
  const name = typeof source === "object" ? source.name : source;
  return { type: "volume", source: name, target, readonly: isReadonly("volumes.mode", mode), noCopy, subpath };
}

/** `/path` and its options as docker's --tmpfs takes them. */
export function tmpfsMount([target, options]: readonly [string, string]): MountSpec {
  return { type: "tmpfs", target, options: options.split(",").filter(Boolean) };
}

function isReadonly(option: string, mode: string | undefined): boolean {
  if (mode !== undefined && !MODES.includes(mode)) throw optionError(option, mode, "a mode", MODES);
  return mode === "ro";
}
