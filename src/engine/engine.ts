/**
 * The contract between everything that uses containers (SDK, modules, CLI, server) and whatever runs them.
 * Above this file nobody knows which engine runs; below it nobody knows who asked. Imports nothing of ours.
 *
 * Conventions: options are plain objects, results plain data; sizes are bytes, times are milliseconds and dates are
 * `Date`s unless a name says otherwise; long work takes a `signal`; streams are Node streams or async iterables.
 * Terms are those of the OCI specifications and the Docker Engine API. A failed call throws a CaissonError and leaves
 * nothing half-done.
 */
import type { Readable, Writable } from "node:stream";

/** An engine that runs containers. Obtained from `openEngine()`. */
export interface Engine extends AsyncDisposable {
  /** Which engine this is, e.g. `"builtin"`: for messages and logs, never for decisions (see {@link supports}). */
  readonly name: string;
  /** What this engine can do on this host. Fixed once the engine is open. */
  readonly supports: EngineSupports;
  readonly images: ImageService;
  readonly containers: ContainerService;
  /** What happens from now on. Ends when the signal fires or the engine closes. */
  events(options?: EventsOptions): AsyncIterable<EngineEvent>;
  info(): Promise<EngineInfo>;
  /** Resolves when the engine answers. */
  ping(): Promise<void>;
  /** Ends the session: its containers are killed and removed, images stay. Idempotent. */
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
  /** Limits that are enforced on this host. */
  readonly limits: { readonly memory: boolean; readonly cpu: boolean; readonly pids: boolean };
  /** Containers end with the process that started them. */
  readonly sessionBound: boolean;
}

export interface EngineInfo {
  readonly engine: string;
  readonly version: string;
  readonly operatingSystem: string;
  /** Of images this host runs without emulation, e.g. `linux/amd64`. */
  readonly platform: string;
  readonly kernelVersion: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Data root, where there is one. */
  readonly root?: string | undefined;
  readonly cgroupVersion?: "1" | "2" | "hybrid" | "none" | undefined;
  readonly rootless?: boolean | undefined;
  readonly images: number;
  readonly containers: number;
}

// ---------------------------------------------------------------------------------------------------- images

export interface ImageService {
  /** Fetches an image unless every part is here already. @throws IMAGE_NOT_FOUND, REGISTRY_*, DIGEST_MISMATCH, LAYER_INVALID, DISK_FULL */
  pull(reference: string, options?: PullOptions): Promise<ImageInspect>;
  push(reference: string, options?: PushOptions): Promise<{ readonly digest: string }>;
  /** Reads a docker archive or an OCI layout, as tar, plain or compressed. */
  load(archive: AsyncIterable<Uint8Array>, options?: LoadOptions): Promise<readonly LoadedImage[]>;
  /** Writes images as a tar. Reading stops the work when the stream is destroyed. */
  save(references: readonly string[], options?: SaveOptions): Promise<Readable>;
  /** Makes an image of one layer from the tar of a root file system, plain or compressed. */
  import(rootfs: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<ImageInspect>;
  tag(source: string, target: string): Promise<void>;
  /** By reference, id or unambiguous id prefix. @throws IMAGE_NOT_FOUND */
  inspect(reference: string): Promise<ImageInspect>;
  list(options?: ImageListOptions): Promise<readonly ImageSummary[]>;
  remove(reference: string, options?: { readonly force?: boolean }): Promise<ImageRemoval>;
}

export interface PullOptions {
  /** `os/arch[/variant]`. @default the host's platform */
  readonly platform?: string | undefined;
  /** Instead of what docker's config.json and credential helpers say. */
  readonly auth?: RegistryAuth | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((event: ImageProgress) => void) | undefined;
}

export interface PushOptions {
  readonly auth?: RegistryAuth | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((event: ImageProgress) => void) | undefined;
}

export interface LoadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((event: ImageProgress) => void) | undefined;
}

export interface SaveOptions {
  /** @default "docker" (an archive that both `docker load` and OCI tools read: OCI layout plus manifest.json) */
  readonly format?: "docker" | "oci" | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ImportOptions {
  readonly reference: string;
  readonly config?: Partial<ImageConfig> | undefined;
  readonly platform?: string | undefined;
  readonly comment?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RegistryAuth {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** OAuth2 refresh token, instead of user name and password. */
  readonly identityToken?: string | undefined;
}

/** One step of progress; `id` is a layer's short digest, or the reference for the image as a whole. */
export interface ImageProgress {
  readonly id: string;
  readonly status: "resolving" | "waiting" | "downloading" | "unpacking" | "uploading" | "exists" | "done";
  /** Bytes so far. */
  readonly current?: number | undefined;
  /** Bytes in all, where known. */
  readonly total?: number | undefined;
}

export interface LoadedImage {
  readonly id: string;
  readonly references: readonly string[];
}

export interface ImageListOptions {
  /** A repository or reference, with `*` as wildcard. */
  readonly reference?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

export interface ImageSummary {
  /** `sha256:` + the digest of the image's config. */
  readonly id: string;
  readonly references: readonly string[];
  readonly created: Date;
  /** Bytes of its unpacked layers. */
  readonly size: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly platform: string;
}

export interface ImageInspect extends ImageSummary {
  /** Digest of the manifest for this platform. */
  readonly digest: string;
  /** `repository@digest`, as registries named it. */
  readonly repoDigests: readonly string[];
  readonly config: ImageConfig;
  /** diffIDs, lowest first. */
  readonly layers: readonly string[];
  readonly history: readonly ImageHistory[];
}

/** The execution part of an OCI image configuration (image-spec config.md), in this API's spelling. */
export interface ImageConfig {
  readonly user: string;
  readonly env: readonly string[];
  readonly entrypoint: readonly string[] | undefined;
  readonly command: readonly string[] | undefined;
  readonly workingDir: string;
  /** `"5432/tcp"`. */
  readonly exposedPorts: readonly string[];
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly stopSignal: string | undefined;
  readonly shell: readonly string[] | undefined;
  readonly onBuild: readonly string[];
  readonly healthcheck: Healthcheck | undefined;
}

export interface ImageHistory {
  readonly created?: Date | undefined;
  readonly createdBy?: string | undefined;
  readonly comment?: string | undefined;
  readonly emptyLayer: boolean;
}

export interface ImageRemoval {
  readonly untagged: readonly string[];
  readonly deleted: readonly string[];
}

// ------------------------------------------------------------------------------------------------ containers

export interface ContainerService {
  /** Reserves name and id. Nothing runs yet. @throws IMAGE_NOT_FOUND, CONTAINER_NAME_TAKEN, OPTION_INVALID, UNSUPPORTED */
  create(spec: ContainerSpec): Promise<{ readonly id: string; readonly warnings: readonly string[] }>;
  /** Resolves once the container's command has been executed. @throws COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, START_FAILED, PORT_IN_USE */
  start(container: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** Stop signal, then after the time-out SIGKILL; resolves once every process is gone. No-op when not running. */
  stop(container: string, options?: StopOptions): Promise<void>;
  /** @param signal name or number @default "SIGKILL" */
  kill(container: string, signal?: string | number): Promise<void>;
  restart(container: string, options?: StopOptions): Promise<void>;
  /** Resolves with the exit; at once when the container has exited already. */
  wait(container: string, options?: WaitOptions): Promise<ContainerExit>;
  /** @throws CONTAINER_RUNNING unless `force` */
  remove(container: string, options?: { readonly force?: boolean | undefined }): Promise<void>;
  inspect(container: string): Promise<ContainerInspect>;
  list(options?: ContainerListOptions): Promise<readonly ContainerSummary[]>;
  /** Log records in the order in which they were written. With `follow`, ends when the container exits. */
  logs(container: string, options?: LogsOptions): AsyncIterable<LogRecord>;
  /** Runs one more process in a running container. Resolves once it has been executed. @throws COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, EXEC_FAILED */
  exec(container: string, spec: ExecSpec): Promise<ExecProcess>;
  /** The container's own stdin, stdout and stderr, from now on. */
  attach(container: string, options?: AttachOptions): Promise<AttachedStreams>;
  /** Unpacks a tar into a directory of the container. @throws PATH_NOT_FOUND, COPY_FAILED, LAYER_INVALID */
  copyIn(container: string, tar: AsyncIterable<Uint8Array>, options: CopyInOptions): Promise<void>;
  /** A tar with the file, or with the directory and all below it, under its last path component. @throws PATH_NOT_FOUND */
  copyOut(container: string, path: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<Readable>;
  /** Makes an image from the container's file system. */
  commit(container: string, options?: CommitOptions): Promise<ImageInspect>;
  /**
   * Resolves once every port has a listening socket that published ports can reach. Only where `supports.waitListening`.
   * `observe` is told what listens whenever that changes.
   */
  waitListening(container: string, options: WaitListeningOptions): Promise<void>;
}

/**
 * What to run. Everything but `image` is optional; what is left out comes from the image, then from Docker's defaults.
 * Unknown properties are refused with the nearest known name.
 */
export interface ContainerSpec {
  readonly image: string;
  /** @default generated */
  readonly name?: string | undefined;
  readonly platform?: string | undefined;
  readonly entrypoint?: readonly string[] | undefined;
  readonly command?: readonly string[] | undefined;
  /** On top of the image's environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly workingDir?: string | undefined;
  /** `user[:group]`, names or numbers, looked up in the container's own /etc/passwd and /etc/group. */
  readonly user?: string | undefined;
  /** Supplementary groups, names or numbers. */
  readonly groupAdd?: readonly string[] | undefined;
  readonly hostname?: string | undefined;
  readonly domainname?: string | undefined;
  readonly tty?: boolean | undefined;
  /** Keep stdin open for `attach`. @default false: stdin is /dev/null */
  readonly openStdin?: boolean | undefined;
  /** Close stdin when the first attached client leaves. @default false */
  readonly stdinOnce?: boolean | undefined;
  /** `"5432/tcp"`; added to the image's. */
  readonly exposedPorts?: readonly string[] | undefined;
  readonly publish?: readonly PortBinding[] | undefined;
  /** Publish every exposed port on a free host port. */
  readonly publishAll?: boolean | undefined;
  readonly networkMode?: "default" | "none" | "host" | undefined;
  readonly extraHosts?: readonly { readonly host: string; readonly address: string }[] | undefined;
  readonly dns?: readonly string[] | undefined;
  readonly mounts?: readonly MountSpec[] | undefined;
  readonly shmSizeBytes?: number | undefined;
  readonly readonlyRootfs?: boolean | undefined;
  readonly privileged?: boolean | undefined;
  /** `"NET_ADMIN"`, `"CAP_NET_ADMIN"` or `"ALL"`. */
  readonly capAdd?: readonly string[] | undefined;
  readonly capDrop?: readonly string[] | undefined;
  readonly noNewPrivileges?: boolean | undefined;
  /** `"default"` or `"unconfined"`. @default "default" */
  readonly seccomp?: "default" | "unconfined" | undefined;
  readonly ulimits?: readonly { readonly name: string; readonly soft: number; readonly hard: number }[] | undefined;
  readonly sysctls?: Readonly<Record<string, string>> | undefined;
  readonly devices?: readonly DeviceSpec[] | undefined;
  readonly ipcMode?: "private" | "host" | undefined;
  readonly pidMode?: "private" | "host" | undefined;
  /** Run an init as PID 1 that forwards signals and reaps. @default false */
  readonly init?: boolean | undefined;
  readonly resources?: ResourceLimits | undefined;
  readonly oomScoreAdj?: number | undefined;
  readonly healthcheck?: Healthcheck | "none" | undefined;
  readonly stopSignal?: string | undefined;
  /** @default 10,000 */
  readonly stopTimeoutMs?: number | undefined;
  /** Bytes of log kept; older records are dropped. @default 64 MiB */
  readonly logMaxBytes?: number | undefined;
  /** Remove the container when it exits. @default false */
  readonly autoRemove?: boolean | undefined;
}

export interface PortBinding {
  readonly containerPort: number;
  /** @default "tcp" */
  readonly protocol?: "tcp" | "udp" | undefined;
  /** @default a free one */
  readonly hostPort?: number | undefined;
  /** @default both 127.0.0.1 and ::1, under the same port */
  readonly hostIp?: string | undefined;
}

export type MountSpec =
  | { readonly type: "bind"; readonly source: string; readonly target: string; readonly readonly?: boolean | undefined }
  | {
      readonly type: "tmpfs";
      readonly target: string;
      readonly sizeBytes?: number | undefined;
      readonly mode?: number | undefined;
      readonly options?: readonly string[] | undefined;
    };

export interface DeviceSpec {
  readonly hostPath: string;
  readonly containerPath?: string | undefined;
  /** Of `r`, `w`, `m`. @default "rwm" */
  readonly permissions?: string | undefined;
}

export interface ResourceLimits {
  readonly memoryBytes?: number | undefined;
  /** Memory and swap together; -1 for unlimited. */
  readonly memorySwapBytes?: number | undefined;
  /** CPUs, may be fractional. */
  readonly cpus?: number | undefined;
  /** Relative weight. @default 1024 */
  readonly cpuShares?: number | undefined;
  readonly pids?: number | undefined;
}

/** As in the image specification; `test` is `["CMD", ...]`, `["CMD-SHELL", line]` or `["NONE"]`. */
export interface Healthcheck {
  readonly test: readonly string[];
  /** @default 30,000 */
  readonly intervalMs?: number | undefined;
  /** @default 30,000 */
  readonly timeoutMs?: number | undefined;
  /** @default 0 */
  readonly startPeriodMs?: number | undefined;
  /** @default 5,000 */
  readonly startIntervalMs?: number | undefined;
  /** @default 3 */
  readonly retries?: number | undefined;
}

export interface StopOptions {
  /** Grace before SIGKILL; 0 kills at once. @default the container's stopTimeoutMs */
  readonly timeoutMs?: number | undefined;
  /** @default the container's stop signal */
  readonly signal?: string | undefined;
}

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  /** `"next-exit"` ignores an exit that has happened already. @default "not-running" */
  readonly condition?: "not-running" | "next-exit" | undefined;
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
}

export interface PublishedPort {
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp";
  readonly hostIp: string;
  readonly hostPort: number;
}

export type ContainerStatus = "created" | "running" | "exited";

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
    readonly tty: boolean;
    readonly openStdin: boolean;
    readonly exposedPorts: readonly string[];
    readonly stopSignal: string;
    readonly stopTimeoutMs: number;
    readonly healthcheck: Healthcheck | undefined;
  };
  readonly mounts: readonly MountSpec[];
  /** Address of the container as itself and its network see it. Undefined when it has none of its own. */
  readonly ipAddress: string | undefined;
  readonly platform: string;
}

export interface ContainerState {
  readonly status: ContainerStatus;
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
  kill(signal?: string | number): Promise<void>;
  resize(size: TerminalSize): Promise<void>;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

export interface AttachOptions {
  /** @default false */
  readonly stdin?: boolean | undefined;
  /** Write what was logged so far first. @default false */
  readonly logs?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface AttachedStreams {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  resize(size: TerminalSize): Promise<void>;
  /** Leaves the container running. */
  detach(): void;
}

export interface CopyInOptions {
  /** An existing directory. */
  readonly path: string;
  /** Refuse to replace a directory by something else and the reverse. @default false */
  readonly noOverwriteDirNonDir?: boolean | undefined;
  /** Keep the tar's owners; otherwise everything belongs to root. @default true */
  readonly keepOwner?: boolean | undefined;
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

// ---------------------------------------------------------------------------------------------------- events

export interface EventsOptions {
  readonly signal?: AbortSignal | undefined;
  readonly type?: EngineEvent["type"] | undefined;
}

export interface EngineEvent {
  readonly type: "container" | "image";
  /** Docker's name: `create`, `start`, `die`, `destroy`, `oom`, `health_status: healthy`, `pull`, `tag`, ... */
  readonly action: string;
  /** Container or image id. */
  readonly id: string;
  readonly time: Date;
  readonly attributes: Readonly<Record<string, string>>;
}
