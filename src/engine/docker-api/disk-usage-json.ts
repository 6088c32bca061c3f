/** `GET /system/df` as the contract's disk usage, and what builds remember as it is answered. Pure. */
import type { BuildStepUsage, DiskUsage } from "../engine.js";
import { type ContainerListJson, statusOf } from "./container-json.js";
import { isGeneratedName } from "./mount-json.js";
import type { VolumeJson } from "./volume-json.js";

export interface DiskUsageJson {
  /** Of layers that images have: what builds alone remember is in BuildCache. */
  readonly LayersSize?: number;
  readonly Images?:
    | readonly {
        readonly Id: string;
        readonly RepoTags?: readonly string[] | null;
        readonly Created: number;
        readonly Size: number;
        readonly SharedSize: number;
        readonly Containers: number;
      }[]
    | null;
  readonly Containers?: readonly ContainerListJson[] | null;
  readonly Volumes?: readonly VolumeJson[] | null;
  readonly BuildCache?: readonly BuildCacheJson[] | null;
}

interface BuildCacheJson {
  readonly ID: string;
  readonly Type?: string;
  readonly Description?: string;
  readonly InUse: boolean;
  readonly Shared: boolean;
  readonly Size: number;
  readonly CreatedAt?: string;
}

/** What the daemon has not counted is -1. */
const counted = (bytes: number): number => Math.max(0, bytes);

export function diskUsageOf(json: DiskUsageJson): DiskUsage {
  const cache = json.BuildCache ?? [];
  const sizeOf = (entries: readonly BuildCacheJson[]): number => entries.reduce((total, { Size }) => total + Size, 0);
  const reclaimableBytes = sizeOf(cache.filter(({ InUse, Shared }) => !InUse && !Shared));
  return {
    layersBytes: (json.LayersSize ?? 0) + reclaimableBytes,
    images: (json.Images ?? []).map(({ Id, RepoTags, Created, Size, SharedSize, Containers }) => ({
      id: Id,
      references: (RepoTags ?? []).filter((tag) => tag !== "<none>:<none>"),
      created: new Date(Created * 1000),
      size: Size,
      sharedBytes: counted(SharedSize),
      uniqueBytes: Size - counted(SharedSize),
      containers: counted(Containers),
    })),
    containers: (json.Containers ?? []).map(({ Id, Names, Image, State, Created, SizeRw = 0 }) => ({
      id: Id,
      name: (Names[0] ?? "").replace(/^\//, ""),
      image: Image,
      status: statusOf(State),
      created: new Date(Created * 1000),
      writableBytes: SizeRw,
    })),
    volumes: (json.Volumes ?? []).map(({ Name, CreatedAt, UsageData, Options }) => ({
      name: Name,
      anonymous: isGeneratedName(Name),
      created: new Date(CreatedAt ?? 0),
      bytes: Options?.["device"] !== undefined || !UsageData || UsageData.Size < 0 ? undefined : UsageData.Size,
      inUse: (UsageData?.RefCount ?? 0) > 0,
    })),
    buildCache: {
      entries: cache.length,
      reclaimableBytes,
      steps: cache
        .map(({ ID, Size, Shared, CreatedAt }) => ({ id: ID, created: new Date(CreatedAt ?? 0), bytes: Size, shared: Shared }))
        .sort((a, b) => a.created.getTime() - b.created.getTime()),
    },
  };
}

/** Without how often and when a step was last used, which nobody counts. */
export function buildCacheJson({ id, created, bytes, shared }: BuildStepUsage): BuildCacheJson {
  return {
    ...{ ID: id, Type: "regular", Description: "step of a build" },
    ...{ InUse: false, Shared: shared, Size: bytes, CreatedAt: created.toISOString() },
  };
}
