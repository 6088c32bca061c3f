/** The contract's volumes: part of engine.ts, which everybody imports. Terms are those of `docker volume`. */
import type { PruneFilters } from "./container-filters.js";

/** Volumes outlive containers and sessions; processes that share a data root share them. */
export interface VolumeService {
  /** Makes a volume. One of that name which was made alike is as good. @throws OPTION_INVALID, VOLUME_NAME_TAKEN, UNSUPPORTED */
  create(spec?: VolumeSpec): Promise<VolumeInspect>;
  /** @throws VOLUME_NOT_FOUND */
  inspect(volume: string): Promise<VolumeInspect>;
  /** By name. */
  list(options?: VolumeListOptions): Promise<readonly VolumeInspect[]>;
  /** @throws VOLUME_NOT_FOUND unless `force`; VOLUME_IN_USE while any container has it, of this process or another */
  remove(volume: string, options?: { readonly force?: boolean | undefined }): Promise<void>;
  /** Removes what no container has. */
  prune(options?: VolumePruneOptions): Promise<VolumePruneResult>;
}

export interface VolumeSpec {
  /** At least two of `[a-zA-Z0-9_.-]`, the first a letter or digit. @default generated; the volume counts as anonymous then */
  readonly name?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /**
   * Of docker's `local` driver. `{ type: "none", o: "bind", device: "/path" }` names a directory of the host that holds the files; such a
   * volume is never filled from an image.
   */
  readonly options?: Readonly<Record<string, string>> | undefined;
}

export interface VolumeInspect {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly created: Date;
  /** Nobody chose its name. */
  readonly anonymous: boolean;
  /** Where its files are on the engine's host. */
  readonly mountpoint: string;
  readonly options: Readonly<Record<string, string>>;
  /** Some container has it, running or not, of whatever process. */
  readonly inUse: boolean;
  /** Names of this engine's containers that have it. */
  readonly usedBy: readonly string[];
}

export interface VolumeListOptions {
  /** All of them; `true` for any value. */
  readonly labels?: Readonly<Record<string, string | true>> | undefined;
  /** Part of the name. */
  readonly name?: string | undefined;
  /** Those that no container has, or those that one has. @default both */
  readonly dangling?: boolean | undefined;
}

export interface VolumePruneOptions {
  /** All of them; `true` for any value. */
  readonly labels?: Readonly<Record<string, string | true>> | undefined;
  readonly filters?: Pick<PruneFilters, "label" | "label!"> | undefined;
  /** Those with a chosen name, too. @default false */
  readonly all?: boolean | undefined;
}

export interface VolumePruneResult {
  /** Names of the volumes that are gone. */
  readonly removed: readonly string[];
  /** What their files took of the disk. */
  readonly bytes: number;
}
