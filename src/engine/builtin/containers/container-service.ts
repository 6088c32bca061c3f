/** The containers of one session: the contract's ContainerService over the supervisor. */
import { hostname } from "node:os";
import type {
  ContainerExit,
  ContainerPruneResult,
  ContainerService,
  ContainerSpec,
  PruneFilters,
  RemoveOptions,
  StopOptions,
  UpdateOptions,
  WaitOptions,
} from "../../engine.js";
import { abortError, CaissonError, throwIfAborted } from "../../errors.js";
import type { EventBus } from "../../event-bus.js";
import { checkName, generateName, newContainerId } from "../../spec/container-names.js";
import { signalNumber } from "../../spec/signals.js";
import { validateSpec } from "../../spec/validate-spec.js";
import type { ImageStore } from "../images/image-store.js";
import { addressOf } from "../network/addresses.js";
import { checkLimits } from "../runtime/cgroup-limits.js";
import { peerOf } from "../runtime/plan-launch.js";
import { resolveProcess } from "../runtime/resolve-process.js";
import type { RawExit } from "../supervisor/supervisor.js";
import type { VolumeUsers } from "../volumes/volume-service.js";
import type { VolumeStore } from "../volumes/volume-store.js";
import { abortable, settledWithin } from "./abortable.js";
import { ContainerMounts, inTurnOfVolumes, volumesOf } from "./container-mounts.js";
import { type ContainerPlace, ContainerRecord } from "./container-record.js";
import { ContainerTable } from "./container-table.js";
import { ContainerViews } from "./container-views.js";
import { Deferred } from "./deferred.js";
import { destroyContainer, removeScratch, signalContainer } from "./end-container.js";
import { isPaused, notRunning, startExec } from "./exec-process.js";
import { containerExit } from "./exit-status.js";
import { substituteWarnings } from "./fit-host.js";
import { freezeContainer, thawContainer } from "./freeze.js";
import { Grace } from "./grace.js";
import { watchHealth } from "./health.js";
import { tellHost } from "./host-failure.js";
import { DEFAULT_STOP_TIMEOUT_MS } from "./inspect.js";
import type { ContainerKeeper } from "./kept/container-keeper.js";
import { readLimitedDisks } from "./limited-disks.js";
import { releaseEndpoint, reserveEndpoint } from "./networks/endpoints.js";
import type { NetworkTable } from "./networks/network-table.js";
import { besideNetworkPeer, peersOf } from "./peers.js";
import { prunable } from "./prune-containers.js";
import { unpublishPorts } from "./published-ports.js";
import { NOT_RESTARTED, nextRestart, type RestartState } from "./restart-policy.js";
import type { Session } from "./session.js";
import { updateContainer } from "./update-container.js";
import { watchRefusals } from "./uplink/refused-host-ports.js";
import { updateNetworkUplink, uplinkWarnings } from "./uplink/uplink-requests.js";
import { readExpectedUser, readUsers } from "./user-files.js";
import { writtenBytes } from "./written-files.js";

export interface ContainerServiceOptions {
  /** Opens the session on first use. */
  readonly session: () => Promise<Session>;
  readonly images: ImageStore;
  readonly volumes: VolumeStore;
  readonly events: EventBus;
  readonly networks: NetworkTable;
  /** Where containers outlive the session. */
  readonly kept: KeptContainers | undefined;
}

export interface KeptContainers {
  /** Data root. */
  readonly root: string;
  readonly keeper: ContainerKeeper;
}

/** How long the output of a container that removes itself waits for those who are attached. */
const READ_OUT_MS = 5_000;

export class BuiltinContainers extends ContainerViews implements ContainerService {
  protected readonly images: ImageStore;
  readonly #table = new ContainerTable();
  readonly #options: ContainerServiceOptions;
  readonly #mounts: ContainerMounts;
  #session: Promise<Session> | undefined;
  /** What ends from now on was not ended by anybody: it is the engine that closes. */
  #closing = false;

  constructor(options: ContainerServiceOptions) {
    super();
    this.#options = options;
    this.images = options.images;
    const { volumes, images, events } = options;
    this.#mounts = new ContainerMounts({
      volumes,
      images,
      find: (container) => this.#table.get(container),
      made: (volume) => events.emit("volume", "create", volume, { driver: "local" }),
      removed: (volume) => events.emit("volume", "destroy", volume, { driver: "local" }),
      lasting: options.kept !== undefined,
    });
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

  protected find(container: string): ContainerRecord {
    return this.#table.get(container);
  }

  protected all(): readonly ContainerRecord[] {
    return this.#table.values();
  }

  protected session(): Promise<Session> {
    return this.#open();
  }

  protected emit(record: ContainerRecord, action: string, attributes: Readonly<Record<string, string>> = {}): void {
    this.#emit(record, action, attributes);
  }

  async create(wanted: ContainerSpec): Promise<{ readonly id: string; readonly warnings: readonly string[] }> {
    validateSpec(wanted);
    const named = wanted.utsMode === "host" ? { ...wanted, hostname: hostname() } : wanted;
    const spec = besideNetworkPeer(named, (container) => this.#table.get(container));
    const id = newContainerId();
    const name = spec.name === undefined ? generateName((taken) => this.#table.hasName(taken)) : checkName(spec.name);
    this.#table.reserve(name, id);
    try {
      const [image, session] = await Promise.all([this.#options.images.resolve(spec.image, spec.platform), this.#open()]);
      checkLimits(spec.resources ?? {}, session.host);
      await readLimitedDisks(spec.resources);
      peersOf(spec, (container) => this.#table.get(container));
      const record = new ContainerRecord(id, name, spec, image, addressOf(spec), this.#placeIn(session));
      const user = session.host.userNamespace?.single && (await tellHost(session, id, () => readExpectedUser(session, record)));
      if (user !== undefined) record.spec = { ...spec, user };
      const peer = peerOf(spec.networkMode);
      if (peer !== undefined) record.peer = this.#networkHolder(peer);
      record.users = await tellHost(session, id, () => readUsers(session, record));
      // Resolved here and not at the start only, so that a command that is missing, or an unknown user, fails the create.
      record.process = resolveProcess({ id, spec: record.spec, image: image.inspect.config, users: record.users });
      await this.#mounts.resolve(record);
      await this.#joinNetworks(record);
      await this.keep(record).catch(async (error: unknown) => {
        await this.#giveBack(record);
        throw error;
      });
      this.#table.add(record);
      this.#emit(record, "create");
      return { id, warnings: [...uplinkWarnings(session), ...substituteWarnings(session.host)] };
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
    record.grace?.shorten(stopTimeout(record, options));
    await record.exclusive(() => this.#stop(record, options));
  }

  async kill(container: string, signal: string | number = "SIGKILL"): Promise<void> {
    const record = this.#table.get(container);
    const number = signalNumber(signal);
    const fatal = number === signalNumber("SIGKILL") || number === signalNumber(record.process?.stopSignal ?? "SIGTERM");
    if (record.status === "restarting" && fatal) {
      record.stopRequested = true;
      await record.exclusive(() => this.#giveUp(record)); // after a start that is under way
      if (!record.running) return;
    }
    if (!record.running) throw notRunning(record);
    if (fatal) record.stopRequested = true;
    const session = await this.#open();
    await signalContainer(session, record, number);
    this.#emit(record, "kill", { signal: String(number) });
    if (fatal) await this.#thaw(session, record);
  }

  async pause(container: string): Promise<void> {
    const record = this.#table.get(container);
    await record.exclusive(async () => {
      if (record.status === "paused") throw isPaused(record);
      if (record.status !== "running") throw notRunning(record);
      record.stopHealth?.();
      const session = await this.#open();
      try {
        await freezeContainer(session, record);
        if (!record.running) throw notRunning(record); // it ended meanwhile
        record.status = "paused";
      } catch (error) {
        if (record.running) this.#watchHealth(session, record);
        throw error;
      }
      this.#emit(record, "pause");
    });
  }

  async unpause(container: string): Promise<void> {
    const record = this.#table.get(container);
    await record.exclusive(async () => {
      if (record.status === "paused") return this.#thaw(await this.#open(), record);
      if (!record.running) throw notRunning(record);
      throw new CaissonError("CONTAINER_NOT_PAUSED", `Container ${record.name} (${record.shortId}) is not paused`, {
        facts: { containerId: record.id, status: record.status },
      });
    });
  }

  async rename(container: string, name: string): Promise<void> {
    const record = this.#table.get(container);
    const oldName = record.name;
    this.#table.rename(record, checkName(name));
    await this.keep(record);
    this.#emit(record, "rename", { oldName });
  }

  async update(container: string, options: UpdateOptions): Promise<void> {
    const record = this.#table.get(container);
    await record.exclusive(async () => updateContainer(await this.#open(), record, options));
    await this.keep(record);
    this.#emit(record, "update");
  }

  async prune(options: { readonly filters?: PruneFilters | undefined } = {}): Promise<ContainerPruneResult> {
    const removed: string[] = [];
    let bytes = 0;
    for (const record of prunable(this.#table.values(), options.filters ?? {})) {
      const session = await this.#open();
      await record.exclusive(async () => {
        if (record.running || record.status === "restarting" || record.removed) return;
        const written = await writtenBytes(session, record);
        await this.#remove(record, { volumes: false });
        bytes += written;
        removed.push(record.id);
      });
    }
    return { containers: removed, bytes };
  }

  async restart(container: string, options: StopOptions = {}): Promise<void> {
    const record = this.#table.get(container);
    record.grace?.shorten(stopTimeout(record, options));
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
    const awaited = { "not-running": record.ended, "next-exit": record.nextExit, removed: record.removal }[condition];
    const { supervisor } = await this.#open();
    supervisor.retain();
    try {
      return await abortable(awaited.promise, "wait", signal);
    } finally {
      supervisor.release();
    }
  }

  async remove(container: string, options: RemoveOptions = {}): Promise<void> {
    const record = this.#table.get(container);
    if (options.force) record.grace?.shorten(0);
    await record.exclusive(() => this.#remove(record, options));
  }

  /** Writes down what outlives the session of a container. @throws DISK_FULL, STORE_UNWRITABLE */
  async keep(record: ContainerRecord): Promise<void> {
    await this.#options.kept?.keeper.save(record);
  }

  /**
   * Takes up the containers that an earlier session left, and starts those whose restart policy says so.
   * @returns what could not be taken up or started, a line each
   */
  async resume(): Promise<readonly string[]> {
    const { kept } = this.#options;
    if (!kept) return [];
    const { resumeContainers } = await import("./kept/resume-containers.js");
    const { volumes, networks } = this.#options;
    return resumeContainers({
      keeper: kept.keeper,
      table: this.#table,
      session: () => this.#open(),
      restoring: (session) => ({ resolved: (image) => this.images.resolved(image), volumes, networks, place: this.#placeIn(session) }),
      start: (id) => this.start(id),
      remove: (id) => this.remove(id),
    });
  }

  /** Stops what runs, as `stop` does, so that it is found as it was left: where containers outlive the session. */
  async suspend(): Promise<void> {
    this.#closing = true;
    if (!this.#options.kept) return;
    const running = this.#table.values().filter(({ status }) => status !== "created" && status !== "exited");
    for (const record of running) record.grace?.shorten(stopTimeout(record, {}));
    await Promise.allSettled(running.map((record) => record.exclusive(() => this.#stop(record, {}))));
  }

  /** Every container is gone with its session: whoever still waits is told. */
  sessionEnded(reason: unknown): void {
    for (const record of this.#table.values()) {
      record.stopHealth?.();
      clearTimeout(record.restartTimer);
      if (record.running || record.status === "restarting") record.status = "exited";
      for (const waited of [record.nextExit, record.ended, record.nextStart, record.firstStart, record.removal]) waited.reject(reason);
      this.#table.delete(record);
    }
  }

  #open(): Promise<Session> {
    this.#session ??= this.#options.session().then(async (session) => {
      session.supervisor.on("exit", (id, raw, oom) => this.#exited(session, id, raw, oom));
      session.supervisor.on("end", () => this.sessionEnded(session.supervisor.death));
      const { NameServer } = await import("./names/name-server.js");
      new NameServer(session, (id) => this.#table.byId(id));
      watchRefusals(session, {
        containers: () => this.#table.values(),
        refused: (record, port) => this.#emit(record, "host_port_refused", { port: String(port) }),
      });
      return session;
    });
    this.#session.catch(() => {
      this.#session = undefined; // a directory that could not be written may be writable at the next try
    });
    return this.#session;
  }

  #placeIn(session: Session): ContainerPlace {
    const { kept } = this.#options;
    return { directory: kept?.root ?? session.directory, lasting: kept !== undefined, copied: session.host.overlayRefused !== undefined };
  }

  async #start(record: ContainerRecord, signal: AbortSignal | undefined): Promise<void> {
    if (record.status === "paused") throw isPaused(record);
    if (record.running || record.status === "restarting") return;
    record.restarts = NOT_RESTARTED;
    await this.#launch(record);
    if (!signal?.aborted) return;
    await this.#stop(record, { timeoutMs: 0 });
    throw abortError("start", signal);
  }

  async #launch(record: ContainerRecord): Promise<void> {
    const [session, { launchContainer }] = await Promise.all([this.#open(), import("./launch-container.js")]);
    record.stopRequested = false;
    record.health = undefined;
    const peers = peersOf(record.spec, (container) => this.#table.get(container));
    for (const peer of Object.values(peers))
      if (peer !== undefined && !this.#table.get(peer).running) throw notRunning(this.#table.get(peer));
    const network = peerOf(record.spec.networkMode);
    if (network !== undefined) record.peer ??= this.#networkHolder(network);
    await inTurnOfVolumes(record, () => launchContainer(session, record, peers));
    await this.keep(record);
    this.#emit(record, "start");
    this.#watchHealth(session, record);
  }

  #watchHealth(session: Session, record: ContainerRecord): void {
    record.stopHealth = watchHealth(record, (spec) => startExec(session, record, spec), this.#options.events);
  }

  async #thaw(session: Session, record: ContainerRecord): Promise<void> {
    if (record.status !== "paused") return;
    await thawContainer(session, record).catch((error: unknown) => {
      if (record.status === "paused") throw error;
    });
    if (record.status !== "paused") return; // it has ended
    record.status = "running";
    this.#emit(record, "unpause");
    this.#watchHealth(session, record);
  }

  async #stop(record: ContainerRecord, options: StopOptions): Promise<void> {
    if (!this.#closing && (record.running || record.status === "restarting")) record.stopRequested = true;
    if (record.status === "restarting") return this.#giveUp(record);
    if (!record.running) return;
    const session = await this.#open();
    const { signal = record.process?.stopSignal ?? "SIGTERM" } = options;
    const timeoutMs = stopTimeout(record, options);
    const exit = record.nextExit.promise;
    const grace = timeoutMs > 0 ? new Grace(timeoutMs) : undefined;
    record.grace = grace;
    session.supervisor.retain();
    try {
      // A frozen process gets the signal once it is thawed.
      await this.#end(session, record, signalNumber(grace ? signal : "SIGKILL"));
      await this.#thaw(session, record);
      if (grace && !(await grace.suffices(exit))) await this.#end(session, record, signalNumber("SIGKILL"));
      await exit;
    } finally {
      grace?.end();
      record.grace = undefined;
      session.supervisor.release();
    }
    this.#emit(record, "stop");
  }

  /** Tells of the signal, as docker does of every one that it sends. */
  async #end(session: Session, record: ContainerRecord, signal: number): Promise<void> {
    if (await sendUnlessGone(session, record, signal)) this.#emit(record, "kill", { signal: String(signal) });
  }

  async #remove(record: ContainerRecord, { force = false, volumes = true }: RemoveOptions): Promise<void> {
    if (record.removed) return;
    if ((record.running || record.status === "restarting") && !force) {
      throw new CaissonError("CONTAINER_RUNNING", `Container ${record.name} (${record.shortId}) is ${record.status}`, {
        facts: { containerId: record.id },
        remedy: "Stop it first, or remove it with force.",
      });
    }
    record.stopHealth?.();
    record.stopRequested = true;
    clearTimeout(record.restartTimer);
    const session = await this.#open();
    if (record.running) this.#emit(record, "kill", { signal: String(signalNumber("SIGKILL")) });
    await destroyContainer(session, record);
    record.removed = true;
    record.ports = [];
    const endpoints = [...record.endpoints.values()];
    for (const endpoint of endpoints) releaseEndpoint(record, endpoint);
    for (const { network } of endpoints) await updateNetworkUplink(session, network);
    for (const owner of await this.#mounts.release(record, { removal: volumes })) await removeScratch(session, owner);
    await this.#options.kept?.keeper.forget(record.id);
    this.#table.delete(record);
    const gone = new CaissonError("CONTAINER_NOT_FOUND", `Container ${record.name} was removed`, { facts: { container: record.id } });
    for (const waited of [record.nextExit, record.ended, record.nextStart, record.firstStart]) waited.reject(gone);
    record.removal.resolve(record.exit ?? { exitCode: 0, oomKilled: false });
    this.#emit(record, "destroy");
  }

  #exited(session: Session, id: string, raw: RawExit, oom: string | undefined): void {
    const record = this.#table.byId(id);
    if (!record) return;
    record.stopHealth?.();
    record.exit = containerExit(raw, oom);
    record.pid = 0;
    record.finishedAt = new Date();
    const seconds = record.startedAt === undefined ? 0 : Math.floor((record.finishedAt.getTime() - record.startedAt.getTime()) / 1000);
    const restart = this.#nextRestart(record, record.exit);
    record.status = restart ? "restarting" : "exited";
    if (record.exit.oomKilled) this.#emit(record, "oom");
    this.#emit(record, "die", { exitCode: String(record.exit.exitCode), execDuration: String(Math.max(0, seconds)) });
    const { nextExit } = record;
    record.nextExit = new Deferred();
    nextExit.resolve(record.exit);
    // Where that fails, it will be found as one that was running when its engine ended.
    void this.keep(record).catch(() => {});
    if (restart) this.#restartLater(record, restart);
    else this.#ended(session, record, record.exit);
  }

  #nextRestart({ spec, restarts, stopRequested, startedAt }: ContainerRecord, { exitCode }: ContainerExit): RestartState | undefined {
    if (stopRequested || this.#closing) return undefined;
    return nextRestart(spec.restartPolicy, restarts, { exitCode, ranMs: Date.now() - (startedAt?.getTime() ?? 0) });
  }

  #restartLater(record: ContainerRecord, restart: RestartState): void {
    record.restarts = restart;
    record.restartTimer = setTimeout(() => {
      void record
        .exclusive(async () => {
          if (record.status !== "restarting" || record.removed) return;
          const session = await this.#open();
          await unpublishPorts(session, record);
          // What keeps it from starting now would keep it from starting later.
          await this.#launch(record).catch(() => this.#giveUp(record));
        })
        .catch(() => {}); // the session has ended
    }, restart.delayMs);
    record.restartTimer.unref();
  }

  /** No restart follows after all. */
  async #giveUp(record: ContainerRecord): Promise<void> {
    if (record.status !== "restarting") return;
    clearTimeout(record.restartTimer);
    record.status = "exited";
    await this.keep(record).catch(() => {});
    this.#ended(await this.#open(), record, record.exit ?? { exitCode: 0, oomKilled: false });
    this.#emit(record, "stop");
  }

  #ended(session: Session, record: ContainerRecord, exit: ContainerExit): void {
    const { ended } = record;
    record.ended = new Deferred();
    ended.resolve(exit);
    if (record.spec.autoRemove) void this.#removeOnceRead(record).catch(() => {});
    else void unpublishPorts(session, record).catch(() => {});
  }

  /** Its log goes with it: whoever is attached has it first, unless he doesn't read. */
  async #removeOnceRead(record: ContainerRecord): Promise<void> {
    await settledWithin(Promise.allSettled(record.readers), READ_OUT_MS);
    await record.exclusive(() => this.#remove(record, { force: true }));
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
      await this.#giveBack(record);
      throw error;
    }
  }

  /** What a container has that is not to be. */
  async #giveBack(record: ContainerRecord): Promise<void> {
    for (const endpoint of record.endpoints.values()) releaseEndpoint(record, endpoint);
    await this.#mounts.release(record, { removal: true });
  }

  #emit(record: ContainerRecord, action: string, attributes: Readonly<Record<string, string>> = {}): void {
    this.#options.events.emit("container", action, record.id, { ...record.attributes, ...attributes });
  }
}

/** @returns false where it had ended already */
async function sendUnlessGone(session: Session, record: ContainerRecord, signal: number): Promise<boolean> {
  return signalContainer(session, record, signal).then(
    () => true,
    (error: unknown) => {
      if (record.running && !(error instanceof CaissonError && error.code === "CONTAINER_NOT_RUNNING")) throw error;
      return false;
    },
  );
}

function stopTimeout({ spec }: ContainerRecord, { timeoutMs }: StopOptions): number {
  return timeoutMs ?? spec.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS;
}
