/**
 * The contract between everything that uses containers (SDK, modules, CLI, server) and whatever runs them.
 * Above this file nobody knows which engine runs; below it nobody knows who asked. It and its parts import nothing else of ours.
 *
 * Conventions: options are plain objects, results plain data; sizes are bytes, times are milliseconds and dates are
 * `Date`s unless a name says otherwise; long work takes a `signal`; streams are Node streams or async iterables.
 * Terms are those of the OCI specifications and the Docker Engine API. A failed call throws a CaissonError and leaves
 * nothing half-done.
 */
import type { EventFilters } from "./container-filters.js";
import type { ContainerService } from "./container-service.js";
import type { DiskUsage } from "./disk-usage.js";
import type { ImageService } from "./image-service.js";
import type { NetworkService } from "./network-service.js";
import type { VolumeService } from "./volume-service.js";

export type * from "./build-service.js";
export type * from "./container-filters.js";
export type * from "./container-service.js";
export type * from "./container-spec.js";
export type * from "./container-stats.js";
export type * from "./disk-usage.js";
export type * from "./image-inspect.js";
export type * from "./image-service.js";
export type * from "./mount-spec.js";
export type * from "./network-service.js";
export type * from "./registry-auth.js";
export type * from "./volume-service.js";

/** An engine that runs containers. Obtained from `openEngine()`. */
export interface Engine extends AsyncDisposable {
  /** Which engine this is, e.g. `"builtin"`: for messages and logs, never for decisions (see {@link supports}). */
  readonly name: string;
  /** Name or address under which published ports are reached from here. */
  readonly host: string;
  /** What this engine can do on this host. Fixed once the engine is open. */
  readonly supports: EngineSupports;
  readonly images: ImageService;
  readonly containers: ContainerService;
  readonly networks: NetworkService;
  readonly volumes: VolumeService;
  /** What happens from now on, or has happened since a moment. Ends when the signal fires or the engine closes. */
  events(options?: EventsOptions): AsyncIterable<EngineEvent>;
  info(): Promise<EngineInfo>;
  diskUsage(): Promise<DiskUsage>;
  /** Resolves when the engine answers. */
  ping(): Promise<void>;
  /**
   * Takes up the containers and networks that an earlier engine kept, and starts those whose restart policy says so. Only of an engine
   * whose containers outlive it ({@link EngineSupports.sessionBound}), and once nobody else has its data root.
   * @returns what could not be taken up or started, a line each
   */
  resume?(): Promise<readonly string[]>;
  /**
   * Ends the session: its containers are killed and removed, images stay. Where they outlive it they are stopped, as `stop` does, and kept.
   * Idempotent.
   */
  close(): Promise<void>;
}

/** Every feature an engine may lack. The contract suite reads this and nothing else to decide what to test. */
export interface EngineSupports {
  /** `containers.waitListening` sees listening sockets without running anything in the container. */
  readonly waitListening: boolean;
  /** `networkMode: "host"`. */
  readonly hostNetwork: boolean;
  /** UDP ports can be published. */
  readonly publishUdp: boolean;
  /** Ports that are published without an address answer on both loopback addresses, `127.0.0.1` and `::1`; otherwise on the first. */
  readonly publishIpv6: boolean;
  /** Volumes may be file systems of other kinds than a directory: `nfs`, `tmpfs`, whatever the daemon can mount. */
  readonly volumeFileSystems: boolean;
  /** Mounts of the type `image`. */
  readonly imageMounts: boolean;
  /** `subpath` of a mount of the type `volume`; where it is false, such a mount is refused with UNSUPPORTED. */
  readonly volumeSubpaths: boolean;
  /** Containers reach the outside, TCP and UDP. A kernel that lacks what it takes gives them none: `caisson doctor` tells. */
  readonly uplink: boolean;
  /** `exposedHostPorts`; without them, names of the host lead to whatever listens on the address that they stand for. */
  readonly hostPorts: boolean;
  /** Limits that are enforced on this host. */
  readonly limits: EnforcedLimits;
  /** `annotations` of containers; where it is false, they are refused with UNSUPPORTED. */
  readonly annotations: boolean;
  /** `containers.pause`. */
  readonly pause: boolean;
  /** Containers and networks are gone with the process that made them. Otherwise they are kept, and there again after {@link Engine.resume}. */
  readonly sessionBound: boolean;
  /**
   * `images.build` understands BuildKit's Dockerfile language and its options, runs steps that don't need each other at once, and tells of
   * the cache. Otherwise a daemon's own builder decides: its BuildKit, of whatever version, or the classic builder. What all of them
   * understand is built anyway.
   */
  readonly buildkit: boolean;
}

export interface EnforcedLimits {
  readonly memory: boolean;
  /** `memorySwapBytes`. */
  readonly swap: boolean;
  readonly cpu: boolean;
  readonly cpuset: boolean;
  readonly pids: boolean;
  readonly blkioWeight: boolean;
  /** `blkioDeviceReadBps` and its like. */
  readonly blkioRates: boolean;
}

export interface EngineInfo {
  readonly engine: string;
  readonly version: string;
  /** What a daemon calls itself, where it does: `Docker`, `Podman`, `Caisson`. */
  readonly product?: string | undefined;
  /** Of the Docker Engine API, as a daemon and this client speak it, e.g. `1.48`. */
  readonly apiVersion?: string | undefined;
  /** Which a daemon keeps for itself. */
  readonly id?: string | undefined;
  /** Name of the machine. */
  readonly hostname?: string | undefined;
  readonly operatingSystem: string;
  /** Of images this host runs without emulation, e.g. `linux/amd64`. */
  readonly platform: string;
  readonly kernelVersion: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Data root, where there is one. */
  readonly root?: string | undefined;
  readonly cgroupVersion?: "1" | "2" | "hybrid" | "none" | undefined;
  /** In a daemon's words, as the next one. */
  readonly cgroupDriver?: string | undefined;
  readonly storageDriver?: string | undefined;
  readonly rootless?: boolean | undefined;
  readonly images: number;
  readonly containers: number;
}

export interface EventsOptions {
  readonly signal?: AbortSignal | undefined;
  readonly type?: EngineEvent["type"] | undefined;
  readonly filters?: EventFilters | undefined;
  /** Begin with what is remembered from this moment on: the last thousand events or so. */
  readonly since?: Date | undefined;
  /** End at this moment. */
  readonly until?: Date | undefined;
}

export interface EngineEvent {
  readonly type: "container" | "image" | "network" | "volume";
  /**
   * Docker's name: `create`, `start`, `die`, `destroy`, `oom`, `health_status: healthy`, `exec_start: sh -c ...`, `pull`, `tag`, ...;
   * and of the built-in engine `host_port_refused`, with the `port` of this host that a container tried and that is not exposed to it.
   */
  readonly action: string;
  /** Id of the container, image or network, or the name of a volume. */
  readonly id: string;
  readonly time: Date;
  readonly attributes: Readonly<Record<string, string>>;
}
