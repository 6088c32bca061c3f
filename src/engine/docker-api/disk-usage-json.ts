/** `GET /system/df` as the contract's disk usage. Pure. */
import type { DiskUsage } from "../engine.js";
import { type ContainerListJson, statusOf } from "./container-json.js";
import { isGeneratedName } from "./mount-json.js";
import type { VolumeJson } from "./volume-json.js";

export interface DiskUsageJson {
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
  readonly BuildCache?: readonly { readonly Size: number; readonly InUse: boolean; readonly Shared: boolean }[] | null;
}

/** What the daemon has not counted is -1. */
const counted = (bytes: number): number => Math.max(0, bytes);

export function diskUsageOf(json: DiskUsageJson): DiskUsage {
  const cache = json.BuildCache ?? [];
  return {
    layersBytes: json.LayersSize ?? 0,
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
      reclaimableBytes: cache.filter(({ InUse, Shared }) => !InUse && !Shared).reduce((total, { Size }) => total + Size, 0),
    },
  };
}
