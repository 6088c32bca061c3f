/** What is on the engine's disk: part of engine.ts, which everybody imports. */
import type { ContainerStatus } from "./container-filters.js";

export interface DiskUsage {
  /** All unpacked layers, each counted once, whether an image has it or a build remembers it. */
  readonly layersBytes: number;
  readonly images: readonly ImageDiskUsage[];
  readonly containers: readonly ContainerDiskUsage[];
  readonly volumes: readonly VolumeDiskUsage[];
  readonly buildCache: BuildCacheUsage;
}

export interface ImageDiskUsage {
  readonly id: string;
  readonly references: readonly string[];
  readonly created: Date;
  /** Of its layers. */
  readonly size: number;
  /** Of those that other images have, too. */
  readonly sharedBytes: number;
  /** Of those that no other image has. */
  readonly uniqueBytes: number;
  /** How many containers were made from it. */
  readonly containers: number;
}

export interface ContainerDiskUsage {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly status: ContainerStatus;
  readonly created: Date;
  /** Of the files that it wrote. */
  readonly writableBytes: number;
}

export interface VolumeDiskUsage {
  readonly name: string;
  readonly anonymous: boolean;
  readonly created: Date;
  /** Of its files; undefined for a volume whose options name another directory. */
  readonly bytes: number | undefined;
  /** Some container has it, of whatever process. */
  readonly inUse: boolean;
}

export interface BuildCacheUsage {
  /** Steps that are remembered. */
  readonly entries: number;
  /** Of layers that builds remember and no image has: what pruning builds gives back. */
  readonly reclaimableBytes: number;
  /** Oldest first. */
  readonly steps: readonly BuildStepUsage[];
}

export interface BuildStepUsage {
  readonly id: string;
  readonly created: Date;
  /** Of its layer; none where an older step has the same one. */
  readonly bytes: number;
  /** An image has the layer as well: forgetting the step gives nothing back. */
  readonly shared: boolean;
}
