/** A container that was started by `Container.start()`. */
import "../async-dispose.js";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type {
  ContainerInspect,
  ContainerProcess,
  ContainerStats,
  EndpointInspect,
  Engine,
  ExecProcess,
  FileChange,
  LogsOptions,
  PublishedPort,
  StatsOptions,
  UpdateOptions,
} from "../engine/engine.js";
import { CaissonError } from "../engine/errors.js";
import { ContainerLogs } from "./container-logs.js";
import type {
  ArchiveToCopy,
  ContainerCommitOptions,
  ContentToCopy,
  CopyToContainerOptions,
  DirectoryToCopy,
  ExecOptions,
  ExecResult,
  FileToCopy,
  RestartContainerOptions,
  StartupTimings,
  StopContainerOptions,
} from "./container-options.js";
import type { CopySource } from "./copy-archive.js";
import { parseCommand } from "./parse-command.js";
import { parsePort } from "./ports.js";
import { StoppedContainer } from "./stopped-container.js";

/** What `Container.start()` hands over. */
export interface StartedState {
  readonly engine: Engine;
  readonly inspect: ContainerInspect;
  /** Waits again, after a restart that began at `since`. @param run what the container is since then */
  readonly ready: (run: ContainerInspect, signal: AbortSignal | undefined, since: Date | undefined) => Promise<void>;
  readonly timings: StartupTimings;
  readonly autoRemove: boolean;
  /** Settles when the log consumer has had everything; undefined without one. */
  readonly consumed: Promise<unknown> | undefined;
}

/** How long a log consumer may take for the last lines once the container has ended. */
const CONSUMER_GRACE_MS = 1000;

export class StartedContainer implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #state: StartedState;
  #inspect: ContainerInspect;
  #stopping: Promise<StoppedContainer> | undefined;

  constructor(state: StartedState) {
    this.#engine = state.engine;
    this.#state = state;
    this.#inspect = state.inspect;
  }

  getId(): string {
    return this.#inspect.id;
  }

  getName(): string {
    return this.#inspect.name;
  }

  getHostname(): string {
    return this.#inspect.config.hostname;
  }

  getLabels(): Readonly<Record<string, string>> {
    return this.#inspect.labels;
  }

  /** Where mapped ports are reached. */
  getHost(): string {
    return this.#engine.host;
  }

  /**
   * The host's port that leads to a port of the container: `getMappedPort(5432)`, `getMappedPort("53/udp")`.
   * @throws PORT_NOT_MAPPED, OPTION_INVALID
   */
  getMappedPort(port: number | string, protocol?: "tcp" | "udp"): number {
    const { containerPort, protocol: given = "tcp" } = parsePort(port);
    const wanted = `${containerPort}/${protocol ?? given}`;
    const found = this.#inspect.ports.find((candidate) => portName(candidate) === wanted);
    if (found) return found.hostPort;
    throw this.#notMapped(wanted);
  }

  /** Of the port that was exposed first. @throws PORT_NOT_MAPPED */
  getFirstMappedPort(): number {
    const [first] = this.#inspect.ports;
    if (first) return first.hostPort;
    throw this.#notMapped("any");
  }

  /** Names of the networks that it was put on. */
  getNetworkNames(): readonly string[] {
    return Object.keys(this.#inspect.networks);
  }

  /** @throws NETWORK_NOT_CONNECTED */
  getNetworkId(network: string): string {
    return this.#endpoint(network).networkId;
  }

  /** Its address on a network, which other containers there reach. @throws NETWORK_NOT_CONNECTED */
  getIpAddress(network: string): string {
    return this.#endpoint(network).ipAddress;
  }

  /** How long each phase of its start took. */
  getStartupTimings(): StartupTimings {
    return this.#state.timings;
  }

  /**
   * Runs a command to its end. A string is split as a shell would, without a shell.
   * @throws COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, CONTAINER_NOT_RUNNING, EXEC_FAILED, OPTION_INVALID, ABORTED
   */
  async exec(command: string | readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const { stdin, ...rest } = options;
    const argv = typeof command === "string" ? parseCommand(command) : command;
    const process = await this.#engine.containers.exec(this.getId(), { ...rest, command: argv, stdin: stdin !== undefined });
    const input = stdin === undefined ? undefined : feed(process, stdin);
    const [stdout, stderr, { exitCode }] = await Promise.all([text(process.stdout), text(process.stderr), process.exit, input]);
    return { exitCode, stdout, stderr, output: stdout + stderr };
  }

  /** Starts a command and hands over its streams. @throws as {@link exec} */
  async execStream(
    command: string | readonly string[],
    options: Omit<ExecOptions, "stdin"> & { readonly tty?: boolean } = {},
  ): Promise<ExecProcess> {
    const argv = typeof command === "string" ? parseCommand(command) : command;
    return this.#engine.containers.exec(this.getId(), { ...options, command: argv, stdin: true });
  }

  /** Its lines so far, then with `follow` those to come until it exits. */
  logs(options: LogsOptions = {}): ContainerLogs {
    return new ContainerLogs(() => this.#engine.containers.logs(this.getId(), options));
  }

  copyFilesToContainer(files: readonly FileToCopy[], options?: CopyToContainerOptions): Promise<void> {
    return this.#copy(
      files.map((file) => ({ kind: "file" as const, ...file })),
      options,
    );
  }

  copyDirectoriesToContainer(directories: readonly DirectoryToCopy[], options?: CopyToContainerOptions): Promise<void> {
    return this.#copy(
      directories.map((directory) => ({ kind: "directory" as const, ...directory })),
      options,
    );
  }

  copyContentToContainer(contents: readonly ContentToCopy[], options?: CopyToContainerOptions): Promise<void> {
    return this.#copy(
      contents.map((content) => ({ kind: "content" as const, ...content })),
      options,
    );
  }

  async copyArchiveToContainer(tar: ArchiveToCopy["tar"], target = "/", options: CopyToContainerOptions = {}): Promise<void> {
    const { noOverwriteDirNonDir, copyUIDGID } = options;
    await this.#engine.containers.copyIn(this.getId(), tar, { path: target, noOverwriteDirNonDir, keepOwner: copyUIDGID });
  }

  /** A tar with the file or directory under its last path component. @throws PATH_NOT_FOUND */
  copyArchiveFromContainer(path: string): Promise<Readable> {
    return this.#engine.containers.copyOut(this.getId(), path);
  }

  inspect(): Promise<ContainerInspect> {
    return this.#engine.containers.inspect(this.getId());
  }

  /** Makes an image of its file system; returns the image's id. */
  async commit({ repo, tag, comment, author, changes }: ContainerCommitOptions): Promise<string> {
    const { id } = await this.#engine.containers.commit(this.getId(), { reference: `${repo}:${tag}`, comment, author, changes });
    return id;
  }

  /** Freezes its processes. @throws CONTAINER_NOT_RUNNING, CONTAINER_PAUSED, UNSUPPORTED */
  pause(): Promise<void> {
    return this.#engine.containers.pause(this.getId());
  }

  /** @throws CONTAINER_NOT_PAUSED */
  unpause(): Promise<void> {
    return this.#engine.containers.unpause(this.getId());
  }

  /** What it uses: once a second until it exits, or once with `oneShot`. @throws CONTAINER_NOT_RUNNING */
  stats(options: StatsOptions = {}): AsyncIterable<ContainerStats> {
    return this.#engine.containers.stats(this.getId(), options);
  }

  /** Its processes. @throws CONTAINER_NOT_RUNNING */
  top(): Promise<readonly ContainerProcess[]> {
    return this.#engine.containers.top(this.getId());
  }

  /** What it has changed of its image's files. */
  changes(): Promise<readonly FileChange[]> {
    return this.#engine.containers.changes(this.getId());
  }

  /** Changes limits while it runs, and its restart policy. @throws OPTION_INVALID, UNSUPPORTED, UPDATE_FAILED */
  update(options: UpdateOptions): Promise<void> {
    return this.#engine.containers.update(this.getId(), options);
  }

  /** Stops it, starts it again with its files, and waits until it is ready. Ports of the host may change. */
  async restart({ timeout = 0, signal }: RestartContainerOptions = {}): Promise<void> {
    await this.#engine.containers.stop(this.getId(), { timeoutMs: timeout });
    const since = new Date();
    await this.#engine.containers.start(this.getId(), { signal });
    this.#inspect = await this.inspect();
    await this.#state.ready(this.#inspect, signal, since);
  }

  /** Stops it, and removes it unless it is to be kept. Idempotent. */
  stop(options: StopContainerOptions = {}): Promise<StoppedContainer> {
    this.#stopping ??= this.#stop(options);
    return this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop({ timeout = 0, remove = this.#state.autoRemove }: StopContainerOptions): Promise<StoppedContainer> {
    const { consumed } = this.#state;
    if (timeout > 0 || !remove || consumed) await this.#engine.containers.stop(this.getId(), { timeoutMs: timeout });
    // The log goes with the container.
    if (consumed) await Promise.race([consumed, sleep(CONSUMER_GRACE_MS, undefined, { ref: false })]);
    if (remove) await this.#engine.containers.remove(this.getId(), { force: true });
    return new StoppedContainer(this.#engine, this.getId());
  }

  async #copy(sources: readonly CopySource[], options: CopyToContainerOptions | undefined): Promise<void> {
    const { copyArchive } = await import("./copy-archive.js");
    await this.copyArchiveToContainer(copyArchive(sources), "/", options);
  }

  #endpoint(network: string): EndpointInspect {
    const found = this.#inspect.networks[network];
    if (found) return found;
    throw new CaissonError("NETWORK_NOT_CONNECTED", `${this.getName()} is not on network ${network}`, {
      facts: { network, containerId: this.getId() },
      evidence: [`Networks: ${this.getNetworkNames().join(", ") || "none"}`],
    });
  }

  #notMapped(port: string): CaissonError<"PORT_NOT_MAPPED"> {
    const mapped = [...new Set(this.#inspect.ports.map(portName))];
    return new CaissonError("PORT_NOT_MAPPED", `Port ${port} of ${this.getName()} is not mapped`, {
      facts: { port, mapped },
      evidence: [`Mapped: ${mapped.join(", ") || "none"}`],
      remedy: `Call withExposedPorts(${/^\d+\/tcp$/.test(port) ? Number.parseInt(port, 10) : JSON.stringify(port)}) before start().`,
    });
  }
}

function portName({ containerPort, protocol }: PublishedPort): string {
  return `${containerPort}/${protocol}`;
}

/** A command that doesn't read all of its input is no failure of ours. */
async function feed(process: ExecProcess, stdin: NonNullable<ExecOptions["stdin"]>): Promise<void> {
  if (!process.stdin) return;
  const source = stdin instanceof Readable ? stdin : Readable.from([typeof stdin === "string" ? Buffer.from(stdin) : stdin]);
  await pipeline(source, process.stdin).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_PREMATURE_CLOSE" && error.code !== "ECONNRESET") throw error;
  });
}
