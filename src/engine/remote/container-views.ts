/** What of the contract's ContainerService leaves containers as they are: looking at them, their streams, processes and files. */
import type { Readable } from "node:stream";
import { type ContainerJson, type ContainerListJson, inspectOf, summaryOf } from "../docker-api/container-json.js";
import { containerFilters } from "../docker-api/filters-json.js";
import type {
  AttachedStreams,
  AttachOptions,
  CommitOptions,
  ContainerInspect,
  ContainerListOptions,
  ContainerProcess,
  ContainerStats,
  ContainerSummary,
  CopyInOptions,
  ExecProcess,
  ExecSpec,
  FileChange,
  ImageInspect,
  LogRecord,
  LogsOptions,
  StatsOptions,
  WaitListeningOptions,
} from "../engine.js";
import { attachContainer } from "./attach.js";
import { changesOf } from "./changes.js";
import { commitContainer } from "./commit.js";
import type { ContainerContext } from "./container-context.js";
import { containerPath } from "./container-path.js";
import { containerStats } from "./container-stats.js";
import { copyIn, copyOut, exportFiles } from "./copy.js";
import { startExec } from "./exec-process.js";
import { endedMeanwhile } from "./failures.js";
import { followLog } from "./follow-log.js";
import { withoutSessionLabels } from "./lifetime/session-labels.js";
import { waitListening } from "./listening/wait-listening.js";
import { topOf } from "./top.js";

/** A container that restarts at once may end while it is looked at more than once. */
const INSPECT_TRIES = 5;

export abstract class RemoteContainerViews {
  protected abstract readonly context: ContainerContext;
  /** Of containers that were made here: whether they have a terminal. */
  protected readonly terminals = new Map<string, boolean>();
  /** As they were last seen, of containers that were made here and ran then. */
  protected readonly seen = new Map<string, ContainerJson>();

  async inspect(container: string): Promise<ContainerInspect> {
    const json = await this.json(container);
    if (json.State.Running && this.terminals.has(container)) this.seen.set(container, json);
    const inspect = inspectOf(json, this.context.client.now());
    return { ...inspect, labels: withoutSessionLabels(inspect.labels) };
  }

  /** Newest last. */
  async list(options: ContainerListOptions = {}): Promise<readonly ContainerSummary[]> {
    const { all = false, limit, size, filters = {} } = options;
    // A status or an exit code that is asked for is looked for among all containers.
    const everything = all || limit !== undefined || (filters.status ?? []).length > 0 || (filters.exited ?? []).length > 0;
    const listed = await this.context.client.json<readonly ContainerListJson[]>("GET", "/containers/json", {
      doing: "Listing containers",
      query: { all: everything, limit, size, filters: containerFilters(options) },
    });
    const summaries = listed.map((json) => {
      const summary = summaryOf(json);
      return { ...summary, labels: withoutSessionLabels(summary.labels) };
    });
    return summaries.reverse();
  }

  logs(container: string, options: LogsOptions = {}): AsyncIterable<LogRecord> {
    return followLog({ ...this.context, container, terminal: this.terminals.get(container) }, options);
  }

  stats(container: string, options: StatsOptions = {}): AsyncIterable<ContainerStats> {
    return containerStats(this.context, container, options);
  }

  top(container: string): Promise<readonly ContainerProcess[]> {
    return this.told(container, topOf(this.context.client, container));
  }

  async changes(container: string): Promise<readonly FileChange[]> {
    return changesOf(this.context.client, container, await this.json(container));
  }

  exec(container: string, spec: ExecSpec): Promise<ExecProcess> {
    return this.told(container, startExec(this.context, container, spec));
  }

  attach(container: string, options: AttachOptions = {}): Promise<AttachedStreams> {
    return attachContainer(this.context, container, options);
  }

  copyIn(container: string, tar: AsyncIterable<Uint8Array>, options: CopyInOptions): Promise<void> {
    return copyIn(this.context.client, container, tar, options);
  }

  copyOut(container: string, path: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Readable> {
    return copyOut(this.context.client, container, path, options.signal);
  }

  export(container: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Readable> {
    return exportFiles(this.context.client, container, options.signal);
  }

  commit(container: string, options: CommitOptions = {}): Promise<ImageInspect> {
    return commitContainer(this.context, container, options);
  }

  waitListening(container: string, options: WaitListeningOptions): Promise<void> {
    return waitListening({ ...this.context, seen: this.seen.get(container) }, container, options);
  }

  protected async json(container: string, query: { readonly size?: boolean } = {}): Promise<ContainerJson> {
    const request = { doing: `Inspecting container ${container}`, container, query };
    for (let tries = 1; ; tries++) {
      try {
        return await this.context.client.json<ContainerJson>("GET", containerPath(container, "/json"), request);
      } catch (error) {
        if (tries === INSPECT_TRIES || !endedMeanwhile(error)) throw error;
      }
    }
  }

  /** Daemons say that a container doesn't run, but not what it does instead. */
  protected abstract told<T>(container: string, work: Promise<T>): Promise<T>;
}
