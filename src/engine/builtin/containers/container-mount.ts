/** A mount of a container with what its words stood for when the container was made. */
import type { MountPropagation, TmpfsMountSpec } from "../../engine.js";
import type { ResolvedImage } from "../images/image-store.js";
import type { StoredVolume } from "../volumes/volume-store.js";
import type { AnonymousVolume } from "./anonymous-volume.js";

export type ContainerMount = BindMount | VolumeMount | TmpfsMount | ImageMount;

interface MountPlace {
  readonly target: string;
  readonly readonly: boolean;
}

export interface BindMount extends MountPlace {
  readonly type: "bind";
  readonly source: string;
  readonly propagation: MountPropagation;
  readonly recursive: boolean;
}

export interface VolumeMount extends MountPlace {
  readonly type: "volume";
  readonly volume: StoredVolume | AnonymousVolume;
  readonly subpath: string | undefined;
  /** An empty one takes what the image has there. */
  readonly fill: boolean;
}

export interface TmpfsMount extends MountPlace {
  readonly type: "tmpfs";
  readonly spec: TmpfsMountSpec;
}

export interface ImageMount extends MountPlace {
  readonly type: "image";
  readonly reference: string;
  readonly image: ResolvedImage;
  readonly subpath: string | undefined;
}
