/** Mounts in `POST /containers/create` (`HostConfig.Mounts`, `HostConfig.Tmpfs`) and in what inspecting a container shows. Pure. */
import type { BindMountSpec, MountPoint, MountPropagation, MountSpec, TmpfsMountSpec } from "../engine.js";

export interface MountPointJson {
  readonly Type?: string;
  readonly Name?: string;
  readonly Source?: string;
  readonly Destination: string;
  readonly Mode?: string;
  readonly RW: boolean;
  readonly Propagation?: string;
}

/** Names that Docker gives volumes that nobody named. */
export function isGeneratedName(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

export function mountBody(mount: MountSpec): Readonly<Record<string, unknown>> {
  const { target: Target } = mount;
  switch (mount.type) {
    case "bind":
      return {
        Type: "bind",
        Source: mount.source,
        Target,
        ReadOnly: mount.readonly,
        BindOptions: {
          Propagation: mount.propagation,
          NonRecursive: mount.recursive === false || undefined,
          CreateMountpoint: mount.createSource,
        },
      };
    case "volume":
      return {
        Type: "volume",
        Source: mount.source,
        Target,
        ReadOnly: mount.readonly,
        VolumeOptions: { NoCopy: mount.noCopy, Subpath: mount.subpath, Labels: mount.labels },
      };
    case "tmpfs":
      return { Type: "tmpfs", Target, TmpfsOptions: { SizeBytes: mount.sizeBytes, Mode: mount.mode } };
    case "image":
      return { Type: "image", Source: mount.source, Target, ImageOptions: { Subpath: mount.subpath } };
  }
}

/** Whether a bind goes into `HostConfig.Binds`: all daemons make its source there, but it can't say all that `Mounts` does. */
export function isBindText(mount: MountSpec): mount is BindMountSpec {
  return (
    mount.type === "bind" && mount.createSource === true && mount.recursive !== false && !`${mount.source}${mount.target}`.includes(":")
  );
}

/** One of `HostConfig.Binds`. */
export function bindText({ source, target, readonly, propagation }: BindMountSpec): string {
  const options = [readonly ? "ro" : "rw", ...(propagation === undefined ? [] : [propagation])];
  return `${source}:${target}:${options.join(",")}`;
}

/** `HostConfig.Tmpfs`, which takes options that `Mounts` does not. */
export function tmpfsBody({ target, sizeBytes, mode, options = [] }: TmpfsMountSpec): readonly [string, string] {
  const size = sizeBytes === undefined ? [] : [`size=${sizeBytes}`];
  const permissions = mode === undefined ? [] : [`mode=${mode.toString(8)}`];
  return [target, [...size, ...permissions, ...options].join(",")];
}

export function mountPointOf(json: MountPointJson): MountPoint {
  const type = json.Type === "volume" || json.Type === "tmpfs" || json.Type === "image" ? json.Type : "bind";
  const named = json.Name !== undefined && json.Name !== "" && type === "volume";
  return {
    type,
    ...(named ? { name: json.Name, anonymous: isGeneratedName(json.Name ?? "") } : {}),
    source: json.Source ?? "",
    target: json.Destination,
    readonly: !json.RW,
    ...(type === "bind" && json.Propagation ? { propagation: json.Propagation as MountPropagation } : {}),
  };
}
