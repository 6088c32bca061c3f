/** What of the contract's ContainerService leaves containers as they are: looking at them, their streams, processes and files. */
import type { Readable } from "node:stream";
import type {
  AttachedStreams,
  AttachOptions,
  CommitOptions,
  ContainerDiskUsage,
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
  TerminalSize,
  WaitListeningOptions,
} from "../../engine.js";
import type { ImageStore } from "../images/image-store.js";
import { readLog } from "../logs/log-reader.js";
import { abortable } from "./abortable.js";
import { attachContainer, logSource, resizeTerminal } from "./attach.js";
import { changesOf } from "./changes.js";
import { commitContainer } from "./commit.js";
import type { ContainerRecord } from "./container-record.js";
import { copyIn, copyOut, exportFiles } from "./copy.js";
import { notRunning, startExec } from "./exec-process.js";
import { inspectRecord } from "./inspect.js";
import { listContainers } from "./list-containers.js";
import { waitListening } from "./listening.js";
import type { Session } from "./session.js";
import { containerStats } from "./stats/container-stats.js";
import { topOf } from "./top.js";

export abstract class ContainerViews {
  protected abstract readonly images: ImageStore;

  /** @throws CONTAINER_NOT_FOUND */
  protected abstract find(container: string): ContainerRecord;
  protected abstract all(): readonly ContainerRecord[];
  protected abstract session(): Promise<Session>;
  protected abstract emit(record: ContainerRecord, action: string, attributes?: Readonly<Record<string, string>>): void;

  async inspect(container: string): Promise<ContainerInspect> {
    return inspectRecord(this.find(container));
  }

  list(options: ContainerListOptions = {}): Promise<readonly ContainerSummary[]> {
    const { images } = this;
    return listContainers(
      { all: () => this.all(), find: (container) => this.find(container), session: () => this.session(), images },
      options,
    );
  }

  /** Of every container, running or not. */
  async diskUsage(): Promise<readonly ContainerDiskUsage[]> {
    const listed = await this.list({ all: true, size: true });
    return listed.map(({ id, name, image, status, created, size }) => ({
      id,
      name,
      image,
      status,
      created,
      writableBytes: size?.writableBytes ?? 0,
    }));
  }

  async *logs(container: string, options: LogsOptions = {}): AsyncGenerator<LogRecord> {
    const record = this.find(container);
    const session = await this.session();
    if (record.starts === 0) {
      if (!options.follow) return;
      const started = await abortable(record.firstStart.promise, "logs", options.signal).then(
        () => true,
        () => false,
      );
      if (!started) return;
    }
    yield* readLog(logSource(session, record), options);
  }

  async *stats(container: string, options: StatsOptions = {}): AsyncGenerator<ContainerStats> {
    yield* containerStats(await this.session(), this.find(container), options);
  }

  async top(container: string): Promise<readonly ContainerProcess[]> {
    return topOf(await this.session(), this.find(container));
  }

  async changes(container: string): Promise<readonly FileChange[]> {
    return changesOf(await this.session(), this.find(container));
  }

  async exec(container: string, spec: ExecSpec): Promise<ExecProcess> {
    const record = this.find(container);
    const command = spec.command.join(" ");
    const process = await startExec(await this.session(), record, spec);
    this.emit(record, `exec_create: ${command}`);
    this.emit(record, `exec_start: ${command}`);
    process.exit.then(
      ({ exitCode }) => this.emit(record, "exec_die", { exitCode: String(exitCode) }),
      () => {}, // the session has ended, and nobody listens
    );
    return process;
  }

  async attach(container: string, options: AttachOptions = {}): Promise<AttachedStreams> {
    const record = this.find(container);
    const streams = await attachContainer(await this.session(), record, options);
    this.emit(record, "attach");
    streams.end.then(
      (how) => how === "detach" && this.emit(record, "detach"),
      () => {}, // it was removed, or the session has ended
    );
    return streams;
  }

  async resize(container: string, size: TerminalSize): Promise<void> {
    const record = this.find(container);
    if (!record.running) throw notRunning(record);
    await resizeTerminal(await this.session(), record, size);
  }

  async copyIn(container: string, tar: AsyncIterable<Uint8Array>, options: CopyInOptions): Promise<void> {
    const record = this.find(container);
    await copyIn(await this.session(), record, tar, options);
  }

  async copyOut(container: string, path: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Readable> {
    const record = this.find(container);
    return copyOut(await this.session(), record, path, options.signal);
  }

  async export(container: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Readable> {
    const record = this.find(container);
    const tar = await exportFiles(await this.session(), record, options.signal);
    this.emit(record, "export");
    return tar;
  }

  async commit(container: string, options: CommitOptions = {}): Promise<ImageInspect> {
    const record = this.find(container);
    const image = await commitContainer(await this.session(), this.images, record, options);
    this.emit(record, "commit", { imageID: image.id });
    return image;
  }

  async waitListening(container: string, options: WaitListeningOptions): Promise<void> {
    const record = this.find(container);
    await waitListening(await this.session(), record, options);
  }
}
