/** What the engine knows of one container, from create to remove. */
import path from "node:path";
import type { ContainerExit, ContainerSpec, ContainerStatus, HealthState, PublishedPort } from "../../engine.js";
import type { ResolvedImage } from "../images/image-store.js";
import type { ContainerAddress } from "../network/addresses.js";
import type { ContainerCgroups } from "../runtime/cgroups.js";
import type { LaunchAdditions } from "../runtime/plan-launch.js";
import { copyOf } from "../runtime/plan-rootfs.js";
import type { ResolvedProcess } from "../runtime/resolve-process.js";
import type { UserDatabase } from "../runtime/users.js";
import type { Plan } from "../supervisor/codec.js";
import type { AnonymousVolume } from "./anonymous-volume.js";
import type { ContainerMount } from "./container-mount.js";
import { Deferred } from "./deferred.js";
import type { Grace } from "./grace.js";
import type { Endpoint } from "./networks/network-record.js";
import { NOT_RESTARTED, type RestartState } from "./restart-policy.js";
import { Turn } from "./turn.js";

/** Where containers have their files. */
export interface ContainerPlace {
  readonly directory: string;
  /** They outlive the session. */
  readonly lasting: boolean;
  /** Root file systems are copies of the image's layers. @default false: overlays */
  readonly copied?: boolean | undefined;
}

export class ContainerRecord {
  /** Everything of the container on disk; made with the first start or the first copy. */
  readonly scratch: string;
  /** What it has written is there. */
  readonly written: string;
  /** Its root file system is a copy of the image's layers, and no overlay of them. */
  readonly copied: boolean;
  /** What its layer has synced must be there after a power failure. */
  readonly durable: boolean;
  status: ContainerStatus = "created";
  mounts: ContainerMount[] = [];
  /** Those that were made for it, whether it still has them or not. */
  readonly ownVolumes: AnonymousVolume[] = [];
  /** Whoever starts with one of its volumes: one at a time, so that its layer is not mounted twice. */
  readonly volumesTurn = new Turn();
  process: ResolvedProcess | undefined;
  users: UserDatabase | undefined;
  ports: readonly PublishedPort[] = [];
  pid = 0;
  starts = 0;
  startedAt: Date | undefined;
  finishedAt: Date | undefined;
  exit: ContainerExit | undefined;
  health: HealthState | undefined;
  stopHealth: (() => void) | undefined;
  /** Whoever is attached, until he has all that it wrote. */
  readonly readers = new Set<Promise<unknown>>();
  /** Since somebody started it. */
  restarts: RestartState = NOT_RESTARTED;
  restartTimer: NodeJS.Timeout | undefined;
  /** Somebody has ended this run: no restart follows. */
  stopRequested = false;
  /** Of the last run. */
  cgroups: ContainerCgroups | undefined;
  /** The cgroup that exec'd processes join. */
  cgroup: string | undefined;
  /** Of those that run. */
  readonly execs = new Set<number>();
  /** What they run first, to join the others. */
  join: Plan = [];
  /** What a build adds to the container. */
  additions: LaunchAdditions | undefined;
  /** Its places on networks, by id of the network, in the order in which it was connected. */
  readonly endpoints = new Map<string, Endpoint>();
  /** Whose network it shares. */
  peer: ContainerRecord | undefined;
  /** Ports of this host that it tried in its last run, and that are not exposed to it. */
  readonly refusedHostPorts = new Set<number>();
  /** What a stop that is under way leaves it. */
  grace: Grace | undefined;
  /** A start is under way: others may look for it already. */
  starting = false;
  /** The scratch directory exists. */
  onDisk = false;
  removed = false;
  /** Resolves with the next exit; replaced at every exit, so that one may wait for it before the start. */
  nextExit = new Deferred<ContainerExit>();
  /** Resolves with the next exit that no restart follows; replaced then. */
  ended = new Deferred<ContainerExit>();
  /** Resolves with the next start; replaced then. */
  nextStart = new Deferred<void>();
  /** Resolves with the last exit once it is removed. */
  readonly removal = new Deferred<ContainerExit>();
  /** Resolves with the first start. */
  readonly firstStart = new Deferred<void>();
  /** A start, stop or removal is under way: the operations wait for each other. */
  readonly #turn = new Turn();
  #works = 0;

  constructor(
    readonly id: string,
    public name: string,
    public spec: ContainerSpec,
    readonly image: ResolvedImage,
    readonly address: ContainerAddress | undefined,
    place: ContainerPlace,
    readonly created = new Date(),
  ) {
    this.scratch = path.join(place.directory, "containers", id);
    this.copied = place.copied ?? false;
    this.written = this.copied ? copyOf(this.scratch) : path.join(this.scratch, "upper");
    // One that removes itself will not be there after a power failure, synced or not.
    this.durable = place.lasting && !spec.autoRemove;
  }

  get logPath(): string {
    return path.join(this.scratch, "log");
  }

  /** It has processes, frozen or not. */
  get running(): boolean {
    return this.status === "running" || this.status === "paused";
  }

  /** It has no network of its own that could be connected. */
  get sharesNetwork(): boolean {
    return this.peer !== undefined || this.spec.networkMode === "host" || this.spec.networkMode === "none";
  }

  get shortId(): string {
    return this.id.slice(0, 12);
  }

  /** Attributes of the container's events, as Docker's. */
  get attributes(): Readonly<Record<string, string>> {
    return { ...this.spec.labels, image: this.spec.image, name: this.name };
  }

  /** Runs `operation` after those that are under way on this container. */
  exclusive<T>(operation: () => Promise<T>): Promise<T> {
    return this.#turn.take(operation);
  }

  /** Name of a work directory for one more mount of its layer: a `volatile` overlay can't be mounted again with the one it had. */
  nextWork(): string {
    return `work-more-${++this.#works}`;
  }
}
