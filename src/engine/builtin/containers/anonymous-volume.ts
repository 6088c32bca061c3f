/**
 * A volume that nobody gave a name: it goes with the container that it was made for, or with the last one that shares it.
 *
 * Where the image declares a volume, its files stay in the container's writable layer: nothing is copied, and that layer is
 * mounted `volatile`, so a database's every fsync(2) costs nothing. Sharing such a volume (`volumesFrom`) means to share the mount
 * of that layer: an upper directory must not be in two mounts at once. So whoever starts takes it from a running container that has
 * it, whichever that is, and mounts the layer itself only when none runs.
 *
 * A directory of its own serves where that can't: the root is read-only, something is mounted above, or it was asked for by a mount,
 * which is how a container gets a place that is no overlay (a Docker in a container needs one).
 */
import { randomBytes } from "node:crypto";
import path from "node:path";
import type { VolumeInspect } from "../../engine.js";
import type { MountSource } from "../runtime/plan-mounts.js";
import type { Turn } from "./turn.js";

/** What a volume knows of a container that has it. */
export interface VolumeUser {
  readonly id: string;
  readonly name: string;
  readonly running: boolean;
}

/** And of the one that it was made for. */
export interface VolumeOwner extends VolumeUser {
  /** Everything of the container on disk. */
  readonly scratch: string;
  /** What it has written is there. */
  readonly written: string;
  onDisk: boolean;
  readonly removed: boolean;
  readonly image: { readonly layerDirectories: readonly string[] };
  readonly ownVolumes: AnonymousVolume[];
  readonly volumesTurn: Turn;
  nextWork(): string;
}

export class AnonymousVolume {
  /** 64 hexadecimal digits, as docker's. */
  readonly name = randomBytes(32).toString("hex");
  readonly created = new Date();
  /** Containers that have it; those that were removed have it no more. */
  readonly users = new Set<VolumeUser>();

  constructor(
    readonly owner: VolumeOwner,
    readonly target: string,
    readonly place: "layer" | "directory",
    readonly labels: Readonly<Record<string, string>> = {},
  ) {
    this.users.add(owner);
    owner.ownVolumes.push(this);
  }

  /** Where its files are on the host. */
  get data(): string {
    const { scratch, written } = this.owner;
    return this.place === "layer" ? path.join(written, this.target) : path.join(scratch, "volumes", this.name, "_data");
  }

  /** Its directory and those above it, from the owner's on. */
  get directories(): readonly string[] {
    const directory = path.dirname(this.data);
    return [this.owner.scratch, path.dirname(directory), directory, this.data];
  }

  get inspect(): VolumeInspect {
    const { name, labels, created, data } = this;
    const usedBy = [...this.users].map((user) => user.name);
    return { name, labels, created, anonymous: true, mountpoint: data, options: {}, inUse: true, usedBy };
  }

  /** Of one in a layer: what a start of `container` mounts at its target. Undefined: nothing, it is in the container's own layer. */
  layerSource(container: VolumeUser): MountSource | undefined {
    const { owner, target, users } = this;
    const holder = [...users].find((user) => user !== container && user.running);
    if (holder) return { kind: "container", id: holder.id, path: target };
    if (owner === container) return undefined;
    owner.onDisk = true;
    return {
      kind: "layers",
      layers: owner.image.layerDirectories,
      scratch: owner.scratch,
      work: owner.nextWork(),
      path: target,
      make: true,
    };
  }
}
