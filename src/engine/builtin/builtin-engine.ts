/** The built-in engine: composes the rooms beside this file into an Engine. */
import { cpus, hostname, type as osType, release, totalmem } from "node:os";
import path from "node:path";
import type { DiskUsage, Engine, EngineEvent, EngineInfo, EngineSupports, EventsOptions } from "../engine.js";
import { CaissonError } from "../errors.js";
import { EventBus } from "../event-bus.js";
import { hostPlatform } from "../oci/platform.js";
import { version } from "../version.js";
import { CacheStore } from "./build/cache-store.js";
import { BuiltinContainers } from "./containers/container-service.js";
import { ContainerKeeper, keptUsersOf } from "./containers/kept/container-keeper.js";
import { JsonFiles } from "./containers/kept/json-files.js";
import { supervisorLayerTools } from "./containers/layer-tools.js";
import { BuiltinNetworks } from "./containers/networks/network-service.js";
import { openSession, type Session } from "./containers/session.js";
import { supervisorLocks } from "./containers/supervisor-locks.js";
import { directoryBytes } from "./containers/written-files.js";
import { diskUsage } from "./disk-usage.js";
import { ImageStore, type ImageStoreOptions } from "./images/image-store.js";
import { hasFreezer } from "./runtime/cgroups.js";
import type { HostFacts } from "./runtime/host-facts.js";
import { readHostFacts } from "./runtime/read-host-facts.js";
import { VolumeLocks } from "./volumes/volume-locks.js";
import { BuiltinVolumes } from "./volumes/volume-service.js";
import { VolumeStore } from "./volumes/volume-store.js";

export interface BuiltinEngineOptions {
  /** Data root. */
  readonly root: string;
  readonly environment?: NodeJS.ProcessEnv | undefined;
  /** Containers and networks outlive the engine, and are there again once the next one has resumed. @default false */
  readonly lasting?: boolean | undefined;
}

const CAP_NET_ADMIN = 1n << 12n;
const CAP_NET_RAW = 1n << 13n;

function mayConfigureNetworks({ capabilities }: HostFacts): boolean {
  return (capabilities & CAP_NET_ADMIN) !== 0n && (capabilities & CAP_NET_RAW) !== 0n;
}

export class BuiltinEngine implements Engine {
  readonly name = "builtin";
  readonly host = "localhost";
  readonly supports: EngineSupports;
  readonly images: ImageStore;
  readonly containers: BuiltinContainers;
  readonly networks: BuiltinNetworks;
  readonly volumes: BuiltinVolumes;
  readonly #events = new EventBus();
  readonly #host: HostFacts;
  readonly #options: BuiltinEngineOptions;
  #session: Promise<Session> | undefined;
  #closed = false;

  private constructor(options: BuiltinEngineOptions, host: HostFacts) {
    this.#options = options;
    this.#host = host;
    this.supports = {
      waitListening: true,
      hostNetwork: true,
      publishUdp: true,
      publishIpv6: true,
      volumeFileSystems: false,
      imageMounts: true,
      volumeSubpaths: true,
      uplink: mayConfigureNetworks(host),
      hostPorts: mayConfigureNetworks(host),
      limits: host.limits,
      annotations: true,
      pause: hasFreezer(host),
      sessionBound: !options.lasting,
      buildkit: true,
    };
    const session = () => this.#open();
    const supervisor = async () => (await session()).supervisor;
    this.images = new ImageStore({
      root: options.root,
      tools: supervisorLayerTools(supervisor),
      kernelLocks: supervisorLocks(supervisor),
      environment: options.environment ?? process.env,
      usedBy: async (imageId) => [...new Set([...this.containers.usersOf(imageId), ...(await keptUsersOf(options.root, imageId))])],
      emit: (event) => this.#events.publish(event),
      ...this.#builds(),
    });
    const volumes = new VolumeStore(path.join(options.root, "volumes"), new VolumeLocks(supervisor));
    this.networks = new BuiltinNetworks({
      session,
      container: (container) => this.containers.record(container),
      changed: (container) => this.containers.keep(container),
      kept: options.lasting ? new JsonFiles(path.join(options.root, "networks")) : undefined,
      events: this.#events,
    });
    this.containers = new BuiltinContainers({
      session,
      images: this.images,
      volumes,
      events: this.#events,
      networks: this.networks.table,
      kept: options.lasting ? { root: options.root, keeper: new ContainerKeeper(options.root) } : undefined,
    });
    this.volumes = new BuiltinVolumes({
      store: volumes,
      containers: () => this.containers.volumes,
      emit: (action, name) => this.#events.emit("volume", action, name, { driver: "local" }),
      sizeOf: (directory) => this.#sizeOf(directory),
    });
  }

  /** Reads what this host can do; spawns nothing. */
  static async open(options: BuiltinEngineOptions, host?: HostFacts): Promise<BuiltinEngine> {
    return new BuiltinEngine(options, host ?? readHostFacts());
  }

  events(options: EventsOptions = {}): AsyncIterable<EngineEvent> {
    return this.#events.subscribe(options);
  }

  async info(): Promise<EngineInfo> {
    return {
      engine: this.name,
      version,
      hostname: hostname(),
      operatingSystem: osType(),
      platform: hostPlatform(),
      kernelVersion: release(),
      cpus: cpus().length,
      memoryBytes: totalmem(),
      root: this.#options.root,
      cgroupVersion: this.#host.cgroups.version,
      rootless: this.#host.uid !== 0,
      images: (await this.images.list()).length,
      containers: this.containers.count,
    };
  }

  async diskUsage(): Promise<DiskUsage> {
    const { images, containers, volumes } = this;
    return diskUsage({
      images,
      volumes: () => volumes.list(),
      sizeOf: (directory) => this.#sizeOf(directory),
      cache: this.#cache(),
      containers: () => containers.diskUsage(),
      usersOf: (imageId) => containers.usersOf(imageId),
    });
  }

  async ping(): Promise<void> {
    await this.#open();
  }

  /** Process id of the supervisor, once there is one: for tests and diagnosis. */
  async supervisorPid(): Promise<number> {
    return (await this.#open()).supervisor.pid;
  }

  async resume(): Promise<readonly string[]> {
    return [...(await this.networks.resume()), ...(await this.containers.resume())];
  }

  async close(): Promise<void> {
    await this.containers.suspend();
    this.#closed = true;
    const session = await this.#session?.catch(() => undefined);
    await session?.supervisor.close();
    await this.images.registries.close();
    this.#events.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Builds, loaded with the first one. */
  #builds(): Pick<ImageStoreOptions, "build" | "checkBuild" | "pruneBuilds" | "held"> {
    const { root } = this.#options;
    const cache = () => this.#cache();
    const temporary = path.join(root, "build", "temporary");
    const parts = () => ({ images: this.images, cache: cache(), session: () => this.#open(), temporary });
    return {
      build: async (context, options = {}) => {
        const { buildImage } = await import("./build/build-image.js");
        return buildImage(parts(), context, options);
      },
      checkBuild: async (context, options = {}) => {
        const { checkBuild } = await import("./build/check-build.js");
        return checkBuild(parts(), context, options);
      },
      pruneBuilds: async () => {
        const { pruneBuilds } = await import("./build/prune-builds.js");
        return pruneBuilds(this.images, cache());
      },
      held: () => cache().held(),
    };
  }

  async #sizeOf(directory: string): Promise<number> {
    return directoryBytes(await this.#open(), directory);
  }

  #cache(): CacheStore {
    return new CacheStore(path.join(this.#options.root, "build"), this.images);
  }

  #open(): Promise<Session> {
    if (this.#closed) return Promise.reject(new CaissonError("SESSION_CLOSED", "The engine is closed", { facts: { what: "engine" } }));
    this.#session ??= openSession(this.#options.root, this.#host, this.#options.environment ?? process.env);
    this.#session.then(
      ({ supervisor }) => supervisor.on("end", () => this.#events.close()),
      () => {
        this.#session = undefined;
      },
    );
    return this.#session;
  }
}
