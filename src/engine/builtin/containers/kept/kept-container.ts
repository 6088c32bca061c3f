/** A container as its file has it, to be there again in a later session: what was decided about it, and how its last run went. Pure. */
import type { ContainerExit, ContainerSpec, EndpointSpec, ImageInspect } from "../../../engine.js";
import type { ResolvedProcess } from "../../runtime/resolve-process.js";
import { AnonymousVolume } from "../anonymous-volume.js";
import type { BindMount, ContainerMount, ImageMount, TmpfsMount, VolumeMount } from "../container-mount.js";
import type { ContainerRecord } from "../container-record.js";

/** Of the file; another one is not read. */
const VERSION = 1;

export interface KeptContainer {
  readonly version: typeof VERSION;
  readonly id: string;
  readonly name: string;
  readonly created: string;
  readonly spec: ContainerSpec;
  readonly image: ImageInspect;
  readonly process: ResolvedProcess;
  readonly mounts: readonly KeptMount[];
  readonly endpoints: readonly KeptEndpoint[];
  /** Id of the container whose network it shares. */
  readonly peer: string | undefined;
  /** How its root file system is made; files of earlier versions don't say it. */
  readonly copied: boolean | undefined;
  readonly starts: number;
  readonly running: boolean;
  readonly endedByUser: boolean;
  readonly restarts: number;
  readonly startedAt: string | undefined;
  readonly finishedAt: string | undefined;
  readonly exit: ContainerExit | undefined;
}

export type KeptMount =
  | BindMount
  | TmpfsMount
  | (Omit<VolumeMount, "volume"> & { readonly volume: string; readonly anonymous: boolean })
  | (Omit<ImageMount, "image"> & { readonly image: ImageInspect });

export interface KeptEndpoint {
  readonly network: string;
  readonly spec: EndpointSpec;
  readonly ipv4Address: string;
  readonly ipv6Address: string | undefined;
  readonly index: number;
}

export function keptContainer(record: ContainerRecord): KeptContainer {
  const { id, name, created, spec, image, process, copied, starts, startedAt, finishedAt, exit, stopRequested } = record;
  return {
    ...{ version: VERSION, id, name, spec, copied, starts, exit },
    created: created.toISOString(),
    image: image.inspect,
    process: process!,
    mounts: record.mounts.map(keptMount),
    endpoints: [...record.endpoints.values()].map((endpoint) => ({
      network: endpoint.network.id,
      spec: endpoint.spec,
      ipv4Address: endpoint.ipv4.address,
      ipv6Address: endpoint.ipv6?.address,
      index: endpoint.index,
    })),
    peer: record.peer?.id,
    running: record.running || record.status === "restarting",
    endedByUser: stopRequested,
    restarts: record.restarts.count,
    startedAt: startedAt?.toISOString(),
    finishedAt: finishedAt?.toISOString(),
  };
}

function keptMount(mount: ContainerMount): KeptMount {
  if (mount.type === "image") return { ...mount, image: mount.image.inspect };
  if (mount.type !== "volume") return mount;
  const { volume, ...rest } = mount;
  // Only sessions that end with their containers make volumes that have no place in the store.
  if (volume instanceof AnonymousVolume) throw new TypeError(`volume ${volume.name} is bound to a session`);
  return { ...rest, volume: volume.name, anonymous: volume.anonymous };
}

/** @throws TypeError for what is no such file */
export function parseKeptContainer(content: unknown): KeptContainer {
  const { version, id, name, image, process } = (content ?? {}) as Partial<KeptContainer>;
  if (version !== VERSION) throw new TypeError(`a container's file of version ${String(version)}, where ${VERSION} is known`);
  if (typeof id !== "string" || typeof name !== "string" || !image || !process) throw new TypeError("a container's file that lacks parts");
  return content as KeptContainer;
}
