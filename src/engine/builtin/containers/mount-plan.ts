/** What a container's mounts are at this moment, as planning takes them. */
import type { MountPoint } from "../../engine.js";
import type { PlannedMount } from "../runtime/plan-mounts.js";
import { AnonymousVolume } from "./anonymous-volume.js";
import type { ContainerMount, VolumeMount } from "./container-mount.js";
import type { ContainerRecord } from "./container-record.js";

export interface RecordMounts {
  readonly mounts: readonly PlannedMount[];
  /** Directories in the container's own layer that are volumes. */
  readonly layerVolumes: readonly string[];
}

export function mountsOf(record: ContainerRecord): RecordMounts {
  const mounts: PlannedMount[] = [];
  const layerVolumes: string[] = [];
  for (const mount of record.mounts) {
    const planned = plannedMount(record, mount);
    if (planned === undefined) layerVolumes.push(mount.target);
    else mounts.push(planned);
  }
  return { mounts, layerVolumes };
}

/** Undefined where the container's own layer has it. */
function plannedMount(record: ContainerRecord, mount: ContainerMount): PlannedMount | undefined {
  const { target, readonly } = mount;
  switch (mount.type) {
    case "bind": {
      const { source: path, recursive, propagation } = mount;
      return { target, readonly, source: { kind: "host", path, recursive, propagation } };
    }
    case "tmpfs":
      return { target, readonly, source: { kind: "tmpfs", spec: mount.spec } };
    case "image":
      return { target, readonly, source: { kind: "layers", layers: mount.image.layerDirectories, path: mount.subpath ?? "" } };
    case "volume":
      return plannedVolume(record, mount);
  }
}

function plannedVolume(record: ContainerRecord, { volume, target, readonly, subpath, fill }: VolumeMount): PlannedMount | undefined {
  const { data } = volume;
  const anonymous = volume instanceof AnonymousVolume;
  if (anonymous && volume.place === "layer") {
    const source = volume.layerSource(record);
    return source && { target, readonly, source };
  }
  // What a volume's options name is somebody else's directory.
  const foreign = !anonymous && volume.options["device"] !== undefined;
  return {
    target,
    readonly,
    source: subpath === undefined ? { kind: foreign ? "host" : "own", path: data } : { kind: "beneath", directory: data, path: subpath },
    ...(anonymous ? { make: volume.directories } : {}),
    ...(fill && !foreign ? { fill: { directory: data, path: subpath ?? "." } } : {}),
  };
}

/** As `inspect` shows it. */
export function mountPoint(mount: ContainerMount): MountPoint {
  const { type, target, readonly } = mount;
  switch (mount.type) {
    case "bind":
      return { type, source: mount.source, target, readonly, propagation: mount.propagation };
    case "tmpfs":
      return { type, source: "", target, readonly };
    case "image":
      return { type, source: mount.reference, target, readonly, subpath: mount.subpath };
    case "volume": {
      const { volume, subpath } = mount;
      const anonymous = volume instanceof AnonymousVolume || volume.anonymous;
      return { type, name: volume.name, source: volume.data, target, readonly, anonymous, subpath };
    }
  }
}
