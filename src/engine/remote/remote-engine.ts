/** The remote engine: a Docker or Podman daemon over the Docker Engine API, as an Engine. */

import { type DiskUsageJson, diskUsageOf } from "../docker-api/disk-usage-json.js";
import type { NetworkJson } from "../docker-api/network-json.js";
import { infoOf, limitsOf, type SystemInfoJson } from "../docker-api/system-json.js";
import type { DiskUsage, Engine, EngineEvent, EngineInfo, EngineSupports, EventsOptions } from "../engine.js";
import { isCaissonError } from "../errors.js";
import { ANNOTATIONS_API } from "./annotations.js";
import { RemoteContainers } from "./container-service.js";
import { detectDaemon } from "./detection/detect-daemon.js";
import type { DockerClient } from "./docker-client.js";
import { EventStream } from "./event-stream.js";
import { RemoteImages } from "./images/image-service.js";
import { RemoteSession } from "./lifetime/remote-session.js";
import { RemoteNetworks } from "./network-service.js";
import { RemoteVolumes } from "./volume-service.js";
import { VOLUME_SUBPATHS_API } from "./volume-subpaths.js";

export interface RemoteEngineOptions {
  /** Address of the daemon: `unix:///path`, `tcp://host:port`, `ssh://user@host`, `npipe:////./pipe/name`. @default found, as docs/daemons.md says */
  readonly host?: string | undefined;
  /** What is made stays when the engine is closed. @default false */
  readonly lasting?: boolean | undefined;
  readonly environment: NodeJS.ProcessEnv;
}

interface RemoteEngineParts {
  readonly client: DockerClient;
  readonly info: SystemInfoJson;
  readonly session: RemoteSession;
  /** Where published ports are reached. */
  readonly host: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly defaultNetwork: NetworkJson | undefined;
}

export class RemoteEngine implements Engine {
  readonly name = "remote";
  readonly host: string;
  readonly supports: EngineSupports;
  readonly images: RemoteImages;
  readonly containers: RemoteContainers;
  readonly networks: RemoteNetworks;
  readonly volumes: RemoteVolumes;
  readonly #client: DockerClient;
  readonly #events: EventStream;
  readonly #session: RemoteSession;

  private constructor({ client, info, session, host, environment, defaultNetwork }: RemoteEngineParts) {
    this.#client = client;
    this.#session = session;
    this.host = host;
    const limits = limitsOf(info);
    this.supports = {
      waitListening: true,
      hostNetwork: true,
      publishUdp: true,
      publishIpv6: false,
      volumeFileSystems: true,
      imageMounts: client.speaks("1.48"),
      volumeSubpaths: client.speaks(VOLUME_SUBPATHS_API),
      uplink: true,
      hostPorts: false,
      limits,
      annotations: client.speaks(ANNOTATIONS_API),
      pause: true,
      sessionBound: !session.lasting,
      buildkit: false,
    };
    this.#events = new EventStream(client);
    this.images = new RemoteImages({ client, environment, platform: infoOf(info).platform });
    this.networks = new RemoteNetworks({ client, session });
    this.volumes = new RemoteVolumes({ client, session });
    const { images } = this;
    this.containers = new RemoteContainers({ client, session, events: this.#events, host, images, limits, defaultNetwork });
  }

  /** Asks the daemon what it is and what it can do. @throws ENGINE_UNAVAILABLE, OPTION_INVALID */
  static async open({ host, lasting = false, environment }: RemoteEngineOptions): Promise<RemoteEngine> {
    const { client, publishedHost } = await detectDaemon(host, environment);
    try {
      const [info, defaultNetwork] = await Promise.all([
        client.json<SystemInfoJson>("GET", "/info", { doing: "Asking the daemon what it can do" }),
        findDefaultNetwork(client),
      ]);
      const published = await publishedHost(info.Name);
      const session = new RemoteSession(client, environment, lasting);
      if (!lasting) session.sweep();
      return new RemoteEngine({ client, info, session, host: published, environment, defaultNetwork });
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  events(options: EventsOptions = {}): AsyncIterable<EngineEvent> {
    return this.#events.subscribe(options);
  }

  async info(): Promise<EngineInfo> {
    const info = infoOf(await this.#client.json<SystemInfoJson>("GET", "/info", { doing: "Asking about the daemon" }));
    return { ...info, product: this.#client.product, apiVersion: this.#client.version };
  }

  async diskUsage(): Promise<DiskUsage> {
    return diskUsageOf(await this.#client.json<DiskUsageJson>("GET", "/system/df", { doing: "Counting what is on the daemon's disk" }));
  }

  async ping(): Promise<void> {
    await this.#client.status("GET", "/_ping", { doing: "Pinging the daemon" });
  }

  async close(): Promise<void> {
    await this.#session.close();
    this.#events.close();
    await this.#client.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function findDefaultNetwork(client: DockerClient): Promise<NetworkJson | undefined> {
  try {
    return await client.json<NetworkJson>("GET", "/networks/bridge", { doing: "Looking for the default network", network: "bridge" });
  } catch (error) {
    if (isCaissonError(error, "NETWORK_NOT_FOUND")) return undefined;
    throw error;
  }
}
