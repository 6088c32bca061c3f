/** The contract's containers: part of engine.ts, which everybody imports. */
import type { Readable, Writable } from "node:stream";
import type { ContainerFilters, ContainerStatus, PruneFilters } from "./container-filters.js";
import type { ContainerSpec, Healthcheck, ResourceLimits, RestartPolicy } from "./container-spec.js";
import type { ContainerProcess, ContainerStats, FileChange, StatsOptions } from "./container-stats.js";
import type { ImageInspect } from "./image-inspect.js";
import type { MountPoint } from "./mount-spec.js";
import type { EndpointInspect } from "./network-service.js";

export interface ContainerService {
  /**
   * Reserves name, id and volumes. Nothing runs yet.
   * @throws IMAGE_NOT_FOUND, CONTAINER_NAME_TAKEN, CONTAINER_NOT_FOUND (`volumesFrom`), PATH_NOT_FOUND (a bind's source), OPTION_INVALID, UNSUPPORTED
   */
  create(spec: ContainerSpec): Promise<{ readonly id: string; readonly warnings: readonly string[] }>;
  /** Resolves once the container's command has been executed. @throws COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, START_FAILED, PORT_IN_USE */
  start(container: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** Stop signal, then after the time-out SIGKILL; resolves once every process is gone. No-op when not running. */
  stop(container: string, options?: StopOptions): Promise<void>;
  /** @param signal name or number @default "SIGKILL" */
  kill(container: string, signal?: string | number): Promise<void>;
  restart(container: string, options?: StopOptions): Promise<void>;
  /** Freezes every process. Only where `supports.pause`. @throws CONTAINER_NOT_RUNNING, CONTAINER_PAUSED, UNSUPPORTED */
  pause(container: string): Promise<void>;
  /** @throws CONTAINER_NOT_PAUSED, CONTAINER_NOT_RUNNING */
  unpause(container: string): Promise<void>;
  /** @throws CONTAINER_NAME_TAKEN, OPTION_INVALID */
  rename(container: string, name: string): Promise<void>;
  /** Changes limits, also while it runs, and the restart policy. What is left out stays. @throws OPTION_INVALID, UNSUPPORTED, UPDATE_FAILED */
  update(container: string, options: UpdateOptions): Promise<void>;
  /** Resolves with the exit; at once when the container has exited already. One that will be restarted counts as running. */
  wait(container: string, options?: WaitOptions): Promise<ContainerExit>;
  /** @throws CONTAINER_RUNNING unless `force` */
  remove(container: string, options?: RemoveOptions): Promise<void>;
  inspect(container: string): Promise<ContainerInspect>;
  list(options?: ContainerListOptions): Promise<readonly ContainerSummary[]>;
  /** Removes the containers that do not run. */
  prune(options?: { readonly filters?: PruneFilters | undefined }): Promise<ContainerPruneResult>;
  /** What it uses. Ends when the container exits. @throws CONTAINER_NOT_RUNNING */
  stats(container: string, options?: StatsOptions): AsyncIterable<ContainerStats>;
  /** Its processes, in the order of their ids. @throws CONTAINER_NOT_RUNNING */
  top(container: string): Promise<readonly ContainerProcess[]>;
  /** What it has changed of its image's files, mounts left out, sorted by path. */
  changes(container: string): Promise<readonly FileChange[]>;
  /** Log records in the order in which they were written. With `follow`, ends when the container exits. */
  logs(container: string, options?: LogsOptions): AsyncIterable<LogRecord>;
  /** Runs one more process in a running container. Resolves once it has been executed. @throws CONTAINER_NOT_RUNNING, CONTAINER_PAUSED, COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, EXEC_FAILED */
  exec(container: string, spec: ExecSpec): Promise<ExecProcess>;
  /** The container's own stdin, stdout and stderr, from now on. */
  attach(container: string, options?: AttachOptions): Promise<AttachedStreams>;
  /** Of its terminal. @throws CONTAINER_NOT_RUNNING */
  resize(container: string, size: TerminalSize): Promise<void>;
  /** Unpacks a tar into a directory of the container. @throws PATH_NOT_FOUND, COPY_FAILED, LAYER_INVALID */
  copyIn(container: string, tar: AsyncIterable<Uint8Array>, options: CopyInOptions): Promise<void>;
  /** A tar with the file, or with the directory and all below it, under its last path component. @throws PATH_NOT_FOUND */
  copyOut(container: string, path: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<Readable>;
  /**
   * A tar of its whole file system, whether it runs or not, with names that begin below the root. What is mounted in it is left out: the
   * places are there, empty. Reading stops the work when the stream is destroyed. @throws COPY_FAILED, ABORTED
   */
  export(container: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<Readable>;
  /** Makes an image from the container's file system, without its volumes, as docker does. */
  commit(container: string, options?: CommitOptions): Promise<ImageInspect>;
  /**
   * Resolves once every port has a listening socket that published ports can reach. Only where `supports.waitListening`.
   * `observe` is told what listens whenever that changes.
   */
  waitListening(container: string, options: WaitListeningOptions): Promise<void>;
}

export interface RemoveOptions {
  /** Also while it runs. @default false */
  readonly force?: boolean | undefined;
  /** With its anonymous volumes, unless others have them. Containers that are bound to a session take theirs along in any case. @default true */
  readonly volumes?: boolean | undefined;
}

export interface StopOptions {
  /** Grace before SIGKILL; 0 kills at once. @default the container's stopTimeoutMs */
  readonly timeoutMs?: number | undefined;
  /** @default the container's stop signal */
  readonly signal?: string | undefined;
}

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * `"next-exit"` ignores an exit that has happened already, and does not wait for restarts to end; `"removed"` resolves once the
   * container is gone, with its last exit. @default "not-running"
   */
  readonly condition?: "not-running" | "next-exit" | "removed" | undefined;
}

export interface ContainerExit {
  /** 128 + signal number where a signal ended it. */
  readonly exitCode: number;
  readonly signal?: string | undefined;
  readonly oomKilled: boolean;
}

export interface ContainerListOptions {
  /** Those not running, too. @default false */
  readonly all?: boolean | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly name?: string | undefined;
  readonly filters?: ContainerFilters | undefined;
  /** The last so many that were made, running or not. */
  readonly limit?: number | undefined;
  /** Find out sizes, too. @default false */
  readonly size?: boolean | undefined;
}

export interface ContainerPruneResult {
  /** Ids. */
  readonly containers: readonly string[];
  /** Of the files that they wrote. */
  readonly bytes: number;
}

export interface UpdateOptions {
  readonly resources?: ResourceLimits | undefined;
  readonly restartPolicy?: RestartPolicy | undefined;
}

export interface PublishedPort {
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp";
  readonly hostIp: string;
  readonly hostPort: number;
}

export interface ContainerSummary {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly command: readonly string[];
  readonly created: Date;
  readonly status: ContainerStatus;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly PublishedPort[];
  /** What it exposes, published or not: `80/tcp`. In their lists daemons tell it of containers that run. */
  readonly exposedPorts: readonly string[];
  /** In docker's words: `Up 3 minutes (healthy)`, `Exited (0) 2 hours ago`. */
  readonly statusText: string;
  readonly mounts: readonly MountPoint[];
  /** Address of the container as itself and its network see it. Undefined when it has none of its own. */
  readonly ipAddress: string | undefined;
  /** By name of the network; the default one is none of them. */
  readonly networks: Readonly<Record<string, EndpointInspect>>;
  /** When asked for. */
  readonly size?: ContainerSize | undefined;
}

export interface ContainerSize {
  /** Of the files that it wrote. */
  readonly writableBytes: number;
  /** Of those and the image's. */
  readonly rootBytes: number;
}

export interface ContainerInspect extends ContainerSummary {
  readonly state: ContainerState;
  /** What runs: image, spec and defaults merged. */
  readonly config: {
    readonly env: readonly string[];
    readonly entrypoint: readonly string[];
    readonly command: readonly string[];
    readonly workingDir: string;
    readonly user: string;
    readonly hostname: string;
    readonly domainname: string;
    readonly tty: boolean;
    readonly openStdin: boolean;
    readonly stdinOnce: boolean;
    readonly exposedPorts: readonly string[];
    readonly stopSignal: string;
    readonly stopTimeoutMs: number;
    readonly healthcheck: Healthcheck | undefined;
    readonly resources: ResourceLimits;
    readonly restartPolicy: RestartPolicy;
    readonly annotations: Readonly<Record<string, string>>;
  };
  /** What its host was asked for, as `HostConfig` of the Engine API has it: binds, wanted ports, capabilities and so on. */
  readonly hostConfig: Readonly<Record<string, unknown>>;
  /** How often its restart policy has started it again. */
  readonly restartCount: number;
  /**
   * TCP ports of this host that it tried in its last run and was refused, because they are not among `exposedHostPorts`; each
   * was an event `host_port_refused`. Undefined where the engine can't tell.
   */
  readonly refusedHostPorts?: readonly number[] | undefined;
  readonly platform: string;
}

export interface ContainerState {
  readonly status: ContainerStatus;
  /** As Docker has it: also when it is paused or will be restarted. */
  readonly running: boolean;
  /** As the host sees it; 0 when not running. */
  readonly pid: number;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  /** Of the last run, once it has ended. */
  readonly exit: ContainerExit | undefined;
  readonly health: HealthState | undefined;
}

export interface HealthState {
  readonly status: "starting" | "healthy" | "unhealthy";
  readonly failingStreak: number;
  /** The last probes, oldest first, at most five. */
  readonly log: readonly { readonly start: Date; readonly end: Date; readonly exitCode: number; readonly output: string }[];
}

export interface LogsOptions {
  readonly follow?: boolean | undefined;
  /** @default true */
  readonly stdout?: boolean | undefined;
  /** @default true */
  readonly stderr?: boolean | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** The last so many lines. @default all */
  readonly tail?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A piece of output as it was written: a line with its newline, or a part of one (`partial`). */
export interface LogRecord {
  readonly stream: "stdout" | "stderr";
  /** Nanoseconds since the epoch. */
  readonly timeNs: bigint;
  readonly data: Buffer;
  /** The line goes on in the next record of this stream. */
  readonly partial: boolean;
}

export interface ExecSpec {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly workingDir?: string | undefined;
  readonly user?: string | undefined;
  readonly tty?: boolean | undefined;
  /** Give the process a stdin. @default false: /dev/null */
  readonly stdin?: boolean | undefined;
  readonly privileged?: boolean | undefined;
  /** As with `attach`, where `tty` and `stdin` are set: leaves the process running. */
  readonly detachKeys?: string | undefined;
  /** Kills the process when it fires. */
  readonly signal?: AbortSignal | undefined;
}

export interface ExecProcess {
  /** Present when asked for. */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  /** Empty with a tty. */
  readonly stderr: Readable;
  /** As the host sees it. */
  readonly pid: number;
  /** Resolves when the process has ended; never rejects for a non-zero exit. */
  readonly exit: Promise<ContainerExit>;
  /** How the connection ended: with the process, or by the detach keys. */
  readonly end: Promise<StreamsEnd>;
  kill(signal?: string | number): Promise<void>;
  resize(size: TerminalSize): Promise<void>;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

export type StreamsEnd = "exit" | "detach";

export interface AttachOptions {
  /** @default false */
  readonly stdin?: boolean | undefined;
  /** Write what was logged so far first. @default false */
  readonly logs?: boolean | undefined;
  /**
   * What typed into the stdin of a container with a terminal detaches: keys separated by commas, each a character or `ctrl-` and one of
   * `a`-`z`, `@`, `[`, `\\`, `]`, `^`, `_`. Empty for none. @default "ctrl-p,ctrl-q"
   */
  readonly detachKeys?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** They last until the container exits and is not restarted, or until they are detached. */
export interface AttachedStreams {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  resize(size: TerminalSize): Promise<void>;
  /** Leaves the container running. */
  detach(): void;
  /** Rejects with DAEMON_UNREACHABLE where the way to the container is lost. */
  readonly end: Promise<StreamsEnd>;
}

export interface CopyInOptions {
  /** An existing directory. */
  readonly path: string;
  /** Refuse to replace a directory by something else and the reverse. @default false */
  readonly noOverwriteDirNonDir?: boolean | undefined;
  /** Keep the tar's owners; otherwise everything belongs to root. @default true */
  readonly keepOwner?: boolean | undefined;
  /** Everything belongs to the user and group of the container's processes, where those were named: wins over `keepOwner`. @default false */
  readonly containerUser?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CommitOptions {
  /** Name of the image. @default none: reachable by id */
  readonly reference?: string | undefined;
  readonly comment?: string | undefined;
  readonly author?: string | undefined;
  /** Dockerfile instructions to apply: CMD ENTRYPOINT ENV EXPOSE LABEL USER VOLUME WORKDIR STOPSIGNAL. */
  readonly changes?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WaitListeningOptions {
  readonly ports: readonly { readonly port: number; readonly protocol: "tcp" | "udp" }[];
  readonly signal?: AbortSignal | undefined;
  readonly observe?: ((sockets: readonly ListeningSocket[]) => void) | undefined;
}

export interface ListeningSocket {
  readonly protocol: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
  /** Published ports can reach it: it does not listen on the loopback addresses alone. */
  readonly reachable: boolean;
}
