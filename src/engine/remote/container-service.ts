/** The daemon's containers: the contract's ContainerService over the Docker Engine API. */

import type { Readable } from "node:stream";
import { createBody } from "../docker-api/container-create.js";
import { type ContainerJson, inspectOf } from "../docker-api/container-json.js";
import type {
  AttachedStreams,
  AttachOptions,
  CommitOptions,
  ContainerExit,
  ContainerInspect,
  ContainerListOptions,
  ContainerProcess,
  ContainerPruneResult,
  ContainerService,
  ContainerSpec,
  ContainerStats,
  ContainerSummary,
  CopyInOptions,
  ExecProcess,
  ExecSpec,
  FileChange,
  ImageInspect,
  ImageService,
  LogRecord,
  LogsOptions,
  PruneFilters,
  StatsOptions,
  StopOptions,
  TerminalSize,
  UpdateOptions,
  WaitListeningOptions,
  WaitOptions,
} from "../engine.js";
import { UnsupportedError } from "../errors.js";
import type { DockerClient } from "./docker-client.js";
import type { EventStream } from "./event-stream.js";
import type { RemoteSession } from "./lifetime/remote-session.js";
import { withoutSessionLabels } from "./lifetime/session-labels.js";

export interface RemoteContainersOptions {
  readonly client: DockerClient;
  readonly session: RemoteSession;
  readonly events: EventStream;
  /** Where published ports are reached. */
  readonly host: string;
  readonly images: Pick<ImageService, "inspect">;
}

export class RemoteContainers implements ContainerService {
  readonly #client: DockerClient;
  readonly #session: RemoteSession;

  constructor({ client, session }: RemoteContainersOptions) {
    this.#client = client;
    this.#session = session;
  }

  async create(spec: ContainerSpec): Promise<{ readonly id: string; readonly warnings: readonly string[] }> {
    const { Id, Warnings } = await this.#session.creating(spec.labels, (labels) =>
      this.#client.json<{ Id: string; Warnings?: readonly string[] | null }>("POST", "/containers/create", {
        doing: `Creating a container of ${spec.image}`,
        image: spec.image,
        query: { name: spec.name, platform: this.#client.speaks("1.41") ? spec.platform : undefined },
        json: createBody({ ...spec, labels }, Object.entries(spec.networks ?? {})),
      }),
    );
    return { id: Id, warnings: Warnings ?? [] };
  }

  async start(container: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    await this.#client.status("POST", `/containers/${encodeURIComponent(container)}/start`, {
      doing: `Starting container ${container}`,
      container,
      signal: options.signal,
    });
  }

  async inspect(container: string): Promise<ContainerInspect> {
    const json = await this.#client.json<ContainerJson>("GET", `/containers/${encodeURIComponent(container)}/json`, {
      doing: `Inspecting container ${container}`,
      container,
    });
    const inspect = inspectOf(json);
    return { ...inspect, labels: withoutSessionLabels(inspect.labels) };
  }

  async remove(container: string, options: { readonly force?: boolean | undefined } = {}): Promise<void> {
    await this.#client.status("DELETE", `/containers/${encodeURIComponent(container)}`, {
      doing: `Removing container ${container}`,
      container,
      query: { force: options.force ?? false, v: true },
    });
  }

  async resize(container: string, { rows, columns }: TerminalSize): Promise<void> {
    await this.#client.status("POST", `/containers/${encodeURIComponent(container)}/resize`, {
      doing: `Resizing the terminal of container ${container}`,
      container,
      query: { h: rows, w: columns },
    });
  }

  stop(_container: string, _options?: StopOptions): Promise<void> {
    return missing("stop");
  }
  kill(_container: string, _signal?: string | number): Promise<void> {
    return missing("kill");
  }
  restart(_container: string, _options?: StopOptions): Promise<void> {
    return missing("restart");
  }
  pause(_container: string): Promise<void> {
    return missing("pause");
  }
  unpause(_container: string): Promise<void> {
    return missing("unpause");
  }
  rename(_container: string, _name: string): Promise<void> {
    return missing("rename");
  }
  update(_container: string, _options: UpdateOptions): Promise<void> {
    return missing("update");
  }
  wait(_container: string, _options?: WaitOptions): Promise<ContainerExit> {
    return missing("wait");
  }
  list(_options?: ContainerListOptions): Promise<readonly ContainerSummary[]> {
    return missing("list");
  }
  prune(_options?: { readonly filters?: PruneFilters | undefined }): Promise<ContainerPruneResult> {
    return missing("prune");
  }
  stats(_container: string, _options?: StatsOptions): AsyncIterable<ContainerStats> {
    return missing("stats");
  }
  top(_container: string): Promise<readonly ContainerProcess[]> {
    return missing("top");
  }
  changes(_container: string): Promise<readonly FileChange[]> {
    return missing("changes");
  }
  logs(_container: string, _options?: LogsOptions): AsyncIterable<LogRecord> {
    return missing("logs");
  }
  exec(_container: string, _spec: ExecSpec): Promise<ExecProcess> {
    return missing("exec");
  }
  attach(_container: string, _options?: AttachOptions): Promise<AttachedStreams> {
    return missing("attach");
  }
  copyIn(_container: string, _tar: AsyncIterable<Uint8Array>, _options: CopyInOptions): Promise<void> {
    return missing("copyIn");
  }
  copyOut(_container: string, _path: string): Promise<Readable> {
    return missing("copyOut");
  }
  commit(_container: string, _options?: CommitOptions): Promise<ImageInspect> {
    return missing("commit");
  }
  waitListening(_container: string, _options: WaitListeningOptions): Promise<void> {
    return missing("waitListening");
  }
}

function missing(feature: string): never {
  throw new UnsupportedError("remote", feature, "it is not written yet");
}
