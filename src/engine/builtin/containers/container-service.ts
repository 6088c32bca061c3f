/** The containers of one session: the contract's ContainerService over the supervisor. */
import type { Readable } from "node:stream";
import type {
  AttachedStreams,
  AttachOptions,
  CommitOptions,
  ContainerExit,
  ContainerInspect,
  ContainerListOptions,
  ContainerService,
  ContainerSpec,
  ContainerSummary,
  CopyInOptions,
  ExecProcess,
  ExecSpec,
  ImageInspect,
  LogRecord,
  LogsOptions,
  StopOptions,
  WaitListeningOptions,
  WaitOptions,
} from "../../engine.js";
import { abortError, CaissonError, throwIfAborted } from "../../errors.js";
import type { ImageStore } from "../images/image-store.js";
import { readLog } from "../logs/log-reader.js";
import { type ContainerAddress, defaultAddress } from "../network/addresses.js";
import { resolveProcess } from "../runtime/resolve-process.js";
import { signalNumber } from "../runtime/signals.js";
import { validateSpec } from "../runtime/validate-spec.js";
import type { RawExit } from "../supervisor/supervisor.js";
import type { VolumeUsers } from "../volumes/volume-service.js";
import type { VolumeStore } from "../volumes/volume-store.js";
import { attachContainer, logSource } from "./attach.js";
import { commitContainer } from "./commit.js";
import { ContainerMounts, inTurnOfVolumes, volumesOf } from "./container-mounts.js";
import { checkName, generateName, newContainerId } from "./container-names.js";
import { ContainerRecord } from "./container-record.js";
import { ContainerTable } from "./container-table.js";
import { copyIn, copyOut } from "./copy.js";
import { Deferred } from "./deferred.js";
import type { EventBus } from "./event-bus.js";
import { notRunning, startExec } from "./exec-process.js";
import { containerExit } from "./exit-status.js";
import { watchHealth } from "./health.js";
import { DEFAULT_STOP_TIMEOUT_MS, inspectRecord, summarize } from "./inspect.js";
import { destroyContainer, launchContainer, removeScratch, signalContainer } from "./launch-container.js";
import { waitListening } from "./listening.js";
import { NameServer } from "./names/name-server.js";
import { releaseEndpoint, reserveEndpoint } from "./networks/endpoints.js";
import { peerOf } from "./networks/launch-network.js";
import type { NetworkTable } from "./networks/network-table.js";
import { unpublishPorts } from "./published-ports.js";
import type { Session } from "./session.js";
import { readUsers } from "./user-files.js";

export interface ContainerServiceOptions {
  /** Opens the session on first use. */
  readonly session: () => Promise<Session>;
  readonly images: ImageStore;
  readonly volumes: VolumeStore;
  readonly events: EventBus;
  readonly networks: NetworkTable;
}

export class BuiltinContainers implements ContainerService {
  readonly #table = new ContainerTable();
  readonly #options: ContainerServiceOptions;
  readonly #mounts: ContainerMounts;
  #session: Promise<Session> | undefined;

  constructor(options: ContainerServiceOptions) {
    this.#options = options;
    const { volumes, images, events } = options;
    const made = (volume: string): void => events.emit("volume", "create", volume);
    this.#mounts = new ContainerMounts({ volumes, images, find: (container) => this.#table.get(container), made });
  }

  /** @throws CONTAINER_NOT_FOUND */
  record(container: string): ContainerRecord {
    return this.#table.get(container);
  }

  get count(): number {
    return this.#table.size;
  }

  /** Containers, running or not, that were made from an image or have it mounted. */
  usersOf(imageId: string): readonly string[] {
    return this.#table
      .values()
      .filter(
        ({ image, mounts }) =>
          image.inspect.id === imageId || mounts.some((mount) => mount.type === "image" && mount.image.inspect.id === imageId),
      )
      .map((record) => record.name);
  }

  get volumes(): VolumeUsers {
    return volumesOf(this.#table.values());
  }

  async create(spec: ContainerSpec): Promise<{ readonly id: string; readonly warnings: readonly string[] }> {
    validateSpec(spec);
    const id = newContainerId();
    const name = spec.name === undefined ? generateName() : checkName(spec.name);
    this.#table.reserve(name, id);
    try {
      const [image, session] = await Promise.all([this.#options.images.resolve(spec.image, spec.platform), this.#open()]);
      const record = new ContainerRecord(id, name, spec, image, addressOf(spec), session.directory);
      const peer = peerOf(spec.networkMode);
      if (peer !== undefined) record.peer = this.#networkHolder(peer);
      record.users = await readUsers(session, record);
      // Resolved here and not at the start only, so that a command that is missing, or an unknown user, fails the create.
      record.process = resolveProcess({ id, spec, image: image.inspect.config, users: record.users });
      await this.#mounts.resolve(record);
      await this.#joinNetworks(record);
      this.#table.add(record);
      this.#emit(record, "create");
      return { id, warnings: [] };
    } catch (error) {
      this.#table.release(name);
      throw error;
    }
  }

  async start(container: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    throwIfAborted("start", options.signal);
    const record = this.#table.get(container);
    await record.exclusive(() => this.#start(record, options.signal));
  }

  async stop(container: string, options: StopOptions = {}): Promise<void> {
    const record = this.#table.get(container);
    await record.exclusive(() => this.#stop(record, options));
  }

  async kill(container: string, signal: string | number = "SIGKILL"): Promise<void> {
    const record = this.#table.get(container);
    const number = signalNumber(signal);
    if (!record.running) throw notRunning(record);
    await signalContainer(await this.#open(), record, number);
    this.#emit(record, "kill", { signal: String(number) });
  }

  async restart(container: string, options: StopOptions = {}): Promise<void> {
    const record = this.#table.get(container);
    await record.exclusive(async () => {
      await this.#stop(record, options);
      await this.#start(record, undefined);
    });
    this.#emit(record, "restart");
  }

  async wait(container: string, options: WaitOptions = {}): Promise<ContainerExit> {
    const { condition = "not-running", signal } = options;
    throwIfAborted("wait", signal);
    const record = this.#table.get(container);
    if (condition === "not-running" && record.status === "exited" && record.exit) return record.exit;
    const { supervisor } = await this.#open();
    supervisor.retain();
    try {
      return await abortable(record.nextExit.promise, "wait", signal);
    } finally {
      supervisor.release();
    }
  }

  async remove(container: string, options: { readonly force?: boolean | undefined } = {}): Promise<void> {
    const record = this.#table.get(container);
    await record.exclusive(() => this.#remove(record, options.force ?? false));
  }

  async inspect(container: string): Promise<ContainerInspect> {
    return inspectRecord(this.#table.get(container));
  }

  async list(options: ContainerListOptions = {}): Promise<readonly ContainerSummary[]> {
    const { all = false, labels = {}, name } = options;
    return this.#table
      .values()
      .filter((record) => all || record.running)
      .filter((record) => name === undefined || record.name.includes(name))
      .map(summarize)
      .filter((summary) => Object.entries(labels).every(([key, value]) => summary.labels[key] === value));
  }

  async *logs(container: string, options: LogsOptions = {}): AsyncGenerator<LogRecord> {
    const record = this.#table.get(container);
    const session = await this.#open();
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

  async exec(container: string, spec: ExecSpec): Promise<ExecProcess> {
    const record = this.#table.get(container);
    return startExec(await this.#open(), record, spec);
  }

  async attach(container: string, options: AttachOptions = {}): Promise<AttachedStreams> {
    const record = this.#table.get(container);
    return attachContainer(await this.#open(), record, options);
  }

  async copyIn(container: string, tar: AsyncIterable<Uint8Array>, options: CopyInOptions): Promise<void> {
    const record = this.#table.get(container);
    await copyIn(await this.#open(), record, tar, options);
  }

  async copyOut(container: string, path: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Readable> {
    const record = this.#table.get(container);
    return copyOut(await this.#open(), record, path, options.signal);
  }

  async commit(container: string, options: CommitOptions = {}): Promise<ImageInspect> {
    const record = this.#table.get(container);
    return commitContainer(await this.#open(), this.#options.images, record, options);
  }

  async waitListening(container: string, options: WaitListeningOptions): Promise<void> {
    const record = this.#table.get(container);
    await waitListening(await this.#open(), record, options);
  }

  /** Every container is gone with its session: whoever still waits is told. */
  sessionEnded(reason: unknown): void {
    for (const record of this.#table.values()) {
      record.stopHealth?.();
      if (record.running) record.status = "exited";
      record.nextExit.reject(reason);
      record.firstStart.reject(reason);
      this.#table.delete(record);
    }
  }

  #open(): Promise<Session> {
    this.#session ??= this.#options.session().then((session) => {
      session.supervisor.on("exit", (id, raw, oom) => this.#exited(session, id, raw, oom));
      session.supervisor.on("end", () => this.sessionEnded(session.supervisor.death));
      new NameServer(session, (id) => this.#table.byId(id));
      return session;
    });
    this.#session.catch(() => {
      this.#session = undefined; // a directory that could not be written may be writable at the next try
    });
    return this.#session;
  }

  async #start(record: ContainerRecord, signal: AbortSignal | undefined): Promise<void> {
    if (record.running) return;
    const session = await this.#open();
    await inTurnOfVolumes(record, () => launchContainer(session, record));
    this.#emit(record, "start");
    record.stopHealth = watchHealth(record, (spec) => startExec(session, record, spec), this.#options.events);
    if (!signal?.aborted) return;
    await this.#stop(record, { timeoutMs: 0 });
    throw abortError("start", signal);
  }

  async #stop(record: ContainerRecord, options: StopOptions): Promise<void> {
    if (!record.running) return;
    const session = await this.#open();
    const { timeoutMs = record.spec.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS, signal = record.process?.stopSignal ?? "SIGTERM" } = options;
    const exit = record.nextExit.promise;
    session.supervisor.retain();
    try {
      if (timeoutMs > 0) {
        await sendUnlessGone(session, record, signalNumber(signal));
        if (await settledWithin(exit, timeoutMs)) return;
      }
      await sendUnlessGone(session, record, signalNumber("SIGKILL"));
      await exit;
    } finally {
      session.supervisor.release();
    }
    this.#emit(record, "stop");
  }

  async #remove(record: ContainerRecord, force: boolean): Promise<void> {
    if (record.removed) return;
    if (record.running && !force) {
      throw new CaissonError("CONTAINER_RUNNING", `Container ${record.name} (${record.shortId}) is running`, {
        facts: { containerId: record.id },
        remedy: "Stop it first, or remove it with force.",
      });
    }
    record.stopHealth?.();
    const session = await this.#open();
    await destroyContainer(session, record);
    record.removed = true;
    record.ports = [];
    for (const endpoint of record.endpoints.values()) releaseEndpoint(record, endpoint);
    for (const owner of await this.#mounts.release(record)) await removeScratch(session, owner);
    this.#table.delete(record);
    const gone = new CaissonError("CONTAINER_NOT_FOUND", `Container ${record.name} was removed`, { facts: { container: record.id } });
    record.nextExit.reject(gone);
    record.firstStart.reject(gone);
    this.#emit(record, "destroy");
  }

  #exited(session: Session, id: string, raw: RawExit, oom: string | undefined): void {
    const record = this.#table.byId(id);
    if (!record) return;
    record.stopHealth?.();
    record.exit = containerExit(raw, oom);
    record.status = "exited";
    record.pid = 0;
    record.finishedAt = new Date();
    if (record.exit.oomKilled) this.#emit(record, "oom");
    this.#emit(record, "die", { exitCode: String(record.exit.exitCode) });
    const { nextExit } = record;
    record.nextExit = new Deferred();
    nextExit.resolve(record.exit);
    if (record.spec.autoRemove) void record.exclusive(() => this.#remove(record, true)).catch(() => {});
    else void unpublishPorts(session, record).catch(() => {});
  }

  /** The container whose namespace one that shares a network ends up in. @throws CONTAINER_NOT_FOUND */
  #networkHolder(container: string): ContainerRecord {
    const holder = this.#table.get(container);
    return holder.peer ?? holder;
  }

  /** All or none. @throws NETWORK_NOT_FOUND, NETWORK_ADDRESS_TAKEN, NETWORK_FULL, OPTION_INVALID */
  async #joinNetworks(record: ContainerRecord): Promise<void> {
    try {
      for (const [network, endpoint] of Object.entries(record.spec.networks ?? {}))
        reserveEndpoint(this.#options.networks.get(network), record, endpoint);
    } catch (error) {
      for (const endpoint of record.endpoints.values()) releaseEndpoint(record, endpoint);
      await this.#mounts.release(record);
      throw error;
    }
  }

  #emit(record: ContainerRecord, action: string, attributes: Readonly<Record<string, string>> = {}): void {
    this.#options.events.emit("container", action, record.id, { ...record.attributes, ...attributes });
  }
}

function addressOf({ networkMode = "default", networks = {} }: ContainerSpec): ContainerAddress | undefined {
  return networkMode === "default" && Object.keys(networks).length === 0 ? defaultAddress : undefined;
}

async function sendUnlessGone(session: Session, record: ContainerRecord, signal: number): Promise<void> {
  await signalContainer(session, record, signal).catch((error: unknown) => {
    if (record.running && !(error instanceof CaissonError && error.code === "CONTAINER_NOT_RUNNING")) throw error;
  });
}

/** True when the promise settles in time. */
async function settledWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function abortable<T>(promise: Promise<T>, operation: string, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  throwIfAborted(operation, signal);
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortError(operation, signal));
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener("abort", onAbort);
  }
}
