/** `new Container(image)`: what to start, said fluently. Later calls of one method add to lists and replace single values. */
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import type {
  BuildContext,
  ContainerInspect,
  ContainerSpec,
  DeviceSpec,
  EndpointSpec,
  Engine,
  Healthcheck,
  ImageConfig,
  ImageInspect,
  MountSpec,
  PortBinding,
  PullOptions,
  ResourceLimits,
  RestartPolicy,
} from "../engine/engine.js";
import { isCaissonError, optionError, throwIfAborted } from "../engine/errors.js";
import { defaultEngine } from "../engine/open.js";
import { parseSecurityOptions } from "../engine/security-options.js";
import { serviceDefaults } from "../modules/catalogue.js";
import type { ServiceDefaults } from "../modules/service-defaults.js";
import type { StartedNetwork } from "../network/network.js";
import { Wait } from "../wait/wait.js";
import { checkMilliseconds, type WaitStrategy } from "../wait/wait-strategy.js";
import { serviceEnvironment, serviceFiles, servicePorts, serviceWait } from "./apply-service-defaults.js";
import { ContainerLogs } from "./container-logs.js";
import type {
  ArchiveToCopy,
  BindMount,
  ContentToCopy,
  CopyToContainerOptions,
  DirectoryToCopy,
  ExposedPort,
  ExtraHost,
  FileToCopy,
  HealthCheck,
  ImagePullPolicy,
  ResourcesQuota,
  VolumeMount,
} from "./container-options.js";
import type { CopySource } from "./copy-archive.js";
import { DockerfileBuilder } from "./dockerfile-builder.js";
import { bindMount, tmpfsMount, volumeMount } from "./mounts.js";
import { parsePort } from "./ports.js";
import { StartedContainer, type StartedState } from "./started-container.js";
import { Stopwatch } from "./stopwatch.js";
import { waitUntilReady } from "./wait-until-ready.js";

const GIB = 2 ** 30;

export class Container {
  #spec: ContainerSpec;
  #ports: PortBinding[] | undefined;
  #wait: WaitStrategy | undefined;
  #startupTimeoutMs: number | undefined;
  #pullPolicy: ImagePullPolicy | undefined;
  #autoRemove = true;
  #logConsumer: ((stream: Readable) => unknown) | undefined;
  readonly #copies: CopySource[] = [];
  readonly #archives: ArchiveToCopy[] = [];
  #copyOptions: CopyToContainerOptions = {};
  #engine: () => Promise<Engine>;

  /** @param options.engine as {@link withEngine}. @default the one that everything in this process shares */
  constructor(image: string, options: { readonly engine?: Engine | undefined } = {}) {
    if (typeof image !== "string" || image === "") throw optionError("image", image, "the name of an image");
    this.#spec = { image };
    const { engine } = options;
    this.#engine = engine ? () => Promise.resolve(engine) : defaultEngine;
  }

  /**
   * Builds the image first: `await Container.fromDockerfile("./service").build()`.
   * @param context a directory, a git URL, or a tar
   * @param dockerfile its path in the context, or `{ text }` for the Dockerfile itself. @default "Dockerfile"
   */
  static fromDockerfile(
    context: BuildContext,
    dockerfile?: string | { readonly text: string },
    options: { readonly engine?: Engine | undefined } = {},
  ): DockerfileBuilder<Container> {
    const file = typeof dockerfile === "object" ? { dockerfileText: dockerfile.text } : { dockerfile };
    return new DockerfileBuilder(context, file, options.engine, (image, engine) => new Container(image, { engine }));
  }

  withCommand(command: readonly string[]): this {
    return this.#with({ command });
  }

  withEntrypoint(entrypoint: readonly string[]): this {
    return this.#with({ entrypoint });
  }

  withEnvironment(env: Readonly<Record<string, string>>): this {
    return this.#with({ env: { ...this.#spec.env, ...env } });
  }

  /** Ports to publish: numbers, `"53/udp"`, or with a port of the host. Without any, those that the image exposes. @throws OPTION_INVALID */
  withExposedPorts(...ports: readonly ExposedPort[]): this {
    this.#ports = [...(this.#ports ?? []), ...ports.map(parsePort)];
    return this;
  }

  /** The engine that runs it: `await openEngine({ host: "ssh://build-machine" })`, of `caisson/engine`. Networks and volumes have to be its own. */
  withEngine(engine: Engine): this {
    this.#engine = () => Promise.resolve(engine);
    return this;
  }

  withName(name: string): this {
    return this.#with({ name });
  }

  withLabels(labels: Readonly<Record<string, string>>): this {
    return this.#with({ labels: { ...this.#spec.labels, ...labels } });
  }

  /** `user[:group]`, names or numbers. */
  withUser(user: string): this {
    return this.#with({ user });
  }

  withWorkingDir(workingDir: string): this {
    return this.#with({ workingDir });
  }

  withHostname(hostname: string): this {
    return this.#with({ hostname });
  }

  /** `os/architecture[/variant]`, of the image to choose. */
  withPlatform(platform: string): this {
    return this.#with({ platform });
  }

  /**
   * Puts it on a network, beside those that it was put on before; it is found there by its name and by `aliases`.
   * @param network a started one, or the name or id of one
   */
  withNetwork(network: StartedNetwork | string, endpoint: EndpointSpec = {}): this {
    const name = typeof network === "string" ? network : network.getName();
    return this.#with({ networks: { ...this.#spec.networks, [name]: { ...this.#spec.networks?.[name], ...endpoint } } });
  }

  /** Further names, on every network that it was put on. */
  withNetworkAliases(...aliases: readonly string[]): this {
    const networks = Object.entries(this.#spec.networks ?? {}).map(([name, endpoint]) => [
      name,
      { ...endpoint, aliases: [...(endpoint.aliases ?? []), ...aliases] },
    ]);
    if (networks.length === 0) throw optionError("aliases", aliases.join(", "), "given after withNetwork(...): names belong to networks");
    return this.#with({ networks: Object.fromEntries(networks) });
  }

  /** `"none"` for no network but the loopback, `"host"` for the host's, `"container:ID"` for another container's. */
  withNetworkMode(networkMode: NonNullable<ContainerSpec["networkMode"]>): this {
    return this.#with({ networkMode });
  }

  /**
   * Ports of this host, on its loopback too, that the container may reach as `host.caisson.internal`, `host.docker.internal` or
   * `host.testcontainers.internal`. All others are refused there.
   */
  withExposedHostPorts(...ports: readonly number[]): this {
    return this.#with({ exposedHostPorts: [...(this.#spec.exposedHostPorts ?? []), ...ports] });
  }

  /** The address `host-gateway` is that of this host. */
  withExtraHosts(extraHosts: readonly ExtraHost[]): this {
    const hosts = extraHosts.map(({ host, ipAddress }) => ({ host, address: ipAddress }));
    return this.#with({ extraHosts: [...(this.#spec.extraHosts ?? []), ...hosts] });
  }

  /** @throws OPTION_INVALID */
  withBindMounts(mounts: readonly BindMount[]): this {
    return this.withMounts(mounts.map(bindMount));
  }

  /** An empty volume is filled with what the image has at its target. @throws OPTION_INVALID */
  withVolumes(mounts: readonly VolumeMount[]): this {
    return this.withMounts(mounts.map(volumeMount));
  }

  /** What another container has from the host and from volumes, at the same places: its files are shared. @param mode @default "rw" */
  withVolumesFrom(container: string | Pick<StartedContainer, "getId">, mode: "rw" | "ro" = "rw"): this {
    const id = typeof container === "string" ? container : container.getId();
    return this.#with({ volumesFrom: [...(this.#spec.volumesFrom ?? []), `${id}:${mode}`] });
  }

  /** Options by target: `{ "/tmp": "rw,size=64m" }`. */
  withTmpFs(mounts: Readonly<Record<string, string>>): this {
    return this.withMounts(Object.entries(mounts).map(tmpfsMount));
  }

  /** Anything that can be mounted, with all of its options: binds, volumes, memory, images. */
  withMounts(mounts: readonly MountSpec[]): this {
    return this.#with({ mounts: [...(this.#spec.mounts ?? []), ...mounts] });
  }

  /** Of /dev/shm. @default 64 MiB */
  withSharedMemorySize(bytes: number): this {
    return this.#with({ shmSizeBytes: bytes });
  }

  /** `"container:NAME"` joins one whose mode is `"shareable"`. */
  withIpcMode(ipcMode: NonNullable<ContainerSpec["ipcMode"]>): this {
    return this.#with({ ipcMode });
  }

  withPidMode(pidMode: NonNullable<ContainerSpec["pidMode"]>): this {
    return this.#with({ pidMode });
  }

  withUtsMode(utsMode: NonNullable<ContainerSpec["utsMode"]>): this {
    return this.#with({ utsMode });
  }

  /** Supplementary groups, names or numbers. */
  withGroups(...groupAdd: readonly string[]): this {
    return this.#with({ groupAdd: [...(this.#spec.groupAdd ?? []), ...groupAdd] });
  }

  /** Kernel parameters of its own namespaces: `{ "net.core.somaxconn": "1024" }`. */
  withSysctls(sysctls: Readonly<Record<string, string>>): this {
    return this.#with({ sysctls: { ...this.#spec.sysctls, ...sysctls } });
  }

  /** Devices of the host, or directories with some. */
  withDevices(devices: readonly DeviceSpec[]): this {
    return this.#with({ devices: [...(this.#spec.devices ?? []), ...devices] });
  }

  /** An init above the command, which forwards signals and reaps. */
  withInit(): this {
    return this.#with({ init: true });
  }

  withReadonlyRootFilesystem(): this {
    return this.#with({ readonlyRootfs: true });
  }

  /** What happens when it exits by itself. Waits go on through restarts. @default "no" */
  withRestartPolicy(restartPolicy: RestartPolicy | RestartPolicy["name"]): this {
    return this.#with({ restartPolicy: typeof restartPolicy === "string" ? { name: restartPolicy } : restartPolicy });
  }

  /** `{ nofile: { soft: 1024, hard: 4096 } }`. */
  withUlimits(ulimits: Readonly<Record<string, { readonly soft: number; readonly hard: number }>>): this {
    const limits = Object.entries(ulimits).map(([name, { soft, hard }]) => ({ name, soft, hard }));
    return this.#with({ ulimits: [...(this.#spec.ulimits ?? []), ...limits] });
  }

  withAddedCapabilities(...capAdd: readonly string[]): this {
    return this.#with({ capAdd: [...(this.#spec.capAdd ?? []), ...capAdd] });
  }

  withDroppedCapabilities(...capDrop: readonly string[]): this {
    return this.#with({ capDrop: [...(this.#spec.capDrop ?? []), ...capDrop] });
  }

  /** `"no-new-privileges"`, `"seccomp=unconfined"`. @throws OPTION_INVALID */
  withSecurityOpt(...options: readonly string[]): this {
    return this.#with(parseSecurityOptions(options));
  }

  withPrivilegedMode(): this {
    return this.#with({ privileged: true });
  }

  /** Memory in gigabytes, processors. {@link withResources} takes bytes and knows more limits. */
  withResourcesQuota({ memory, cpu }: ResourcesQuota): this {
    return this.withResources({
      ...(memory === undefined ? {} : { memoryBytes: Math.ceil(memory * GIB) }),
      ...(cpu === undefined ? {} : { cpus: cpu }),
    });
  }

  withResources(resources: ResourceLimits): this {
    return this.#with({ resources: { ...this.#spec.resources, ...resources } });
  }

  /** Instead of the image's; also what `start()` waits for, unless another strategy is set. */
  withHealthCheck({ test, interval, timeout, retries, startPeriod, startInterval }: HealthCheck): this {
    const times = { intervalMs: interval, timeoutMs: timeout, startPeriodMs: startPeriod, startIntervalMs: startInterval };
    const healthcheck: Healthcheck = { test, retries, ...times };
    return this.#with({ healthcheck });
  }

  /** Before its command runs. */
  withCopyFilesToContainer(files: readonly FileToCopy[]): this {
    this.#copies.push(...files.map((file) => ({ kind: "file" as const, ...file })));
    return this;
  }

  withCopyDirectoriesToContainer(directories: readonly DirectoryToCopy[]): this {
    this.#copies.push(...directories.map((directory) => ({ kind: "directory" as const, ...directory })));
    return this;
  }

  withCopyContentToContainer(contents: readonly ContentToCopy[]): this {
    this.#copies.push(...contents.map((content) => ({ kind: "content" as const, ...content })));
    return this;
  }

  withCopyArchivesToContainer(archives: readonly ArchiveToCopy[]): this {
    this.#archives.push(...archives);
    return this;
  }

  withCopyToContainerOptions(options: CopyToContainerOptions): this {
    this.#copyOptions = options;
    return this;
  }

  withWaitStrategy(strategy: WaitStrategy): this {
    this.#wait = strategy;
    return this;
  }

  /** For strategies without a time-out of their own. @throws OPTION_INVALID */
  withStartupTimeout(startupTimeoutMs: number): this {
    this.#startupTimeoutMs = checkMilliseconds("startupTimeout", startupTimeoutMs);
    return this;
  }

  withPullPolicy(policy: ImagePullPolicy): this {
    this.#pullPolicy = policy;
    return this;
  }

  /** Whether `stop()` removes it. @default true */
  withAutoRemove(autoRemove: boolean): this {
    this.#autoRemove = autoRemove;
    return this;
  }

  /** Called after the start with everything that the container writes, as it comes. */
  withLogConsumer(consumer: (stream: Readable) => unknown): this {
    this.#logConsumer = consumer;
    return this;
  }

  /**
   * Starts it and waits until it is ready. When that fails nothing of it is left.
   * @throws IMAGE_NOT_FOUND, OPTION_INVALID, START_FAILED, COMMAND_NOT_FOUND, CONTAINER_EXITED, WAIT_TIMEOUT, WAIT_FAILED, ABORTED
   */
  async start(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<StartedContainer> {
    throwIfAborted("start", options.signal);
    await this.beforeContainerCreated();
    const engine = await this.#engine();
    const watch = new Stopwatch();
    const config = await this.#prepareImages(engine, options.signal);
    let image = watch.lap();
    const { id } = await this.#create(engine, config, options.signal).catch(async (error: unknown) => {
      if (config !== undefined || !isCaissonError(error, "IMAGE_NOT_FOUND")) throw error;
      await engine.images.pull(this.#spec.image, { signal: options.signal, platform: this.#spec.platform });
      image += watch.lap();
      return this.#create(engine, config, options.signal);
    });
    try {
      await this.#copy(engine, id, options.signal);
      await this.containerCreated(id);
      const create = watch.lap();
      await engine.containers.start(id, options);
      const inspect = await engine.containers.inspect(id);
      const start = watch.lap();
      await this.containerStarting(inspect);
      const ready: StartedState["ready"] = (run, signal, since) =>
        waitUntilReady(engine, run, { strategy: this.#strategy(run), startupTimeoutMs: this.#startupTimeoutMs, since, signal });
      await ready(inspect, options.signal, undefined);
      const timings = { image, create, start, ready: watch.lap() };
      const consumed = await this.#consumeLogs(engine, id);
      const started = new StartedContainer({ engine, inspect, ready, timings, autoRemove: this.#autoRemove, consumed: consumed?.ended });
      await this.containerStarted(started, inspect);
      return started;
    } catch (error) {
      await engine.containers.remove(id, { force: true }).catch(() => {});
      throw error;
    }
  }

  /** For subclasses: before anything is made. */
  protected async beforeContainerCreated(): Promise<void> {}

  /** For subclasses: it is made, its files are in it, nothing runs. */
  protected async containerCreated(_id: string): Promise<void> {}

  /** For subclasses: its command runs, it may not be ready. */
  protected async containerStarting(_inspect: ContainerInspect): Promise<void> {}

  /** For subclasses: it is ready. */
  protected async containerStarted(_started: StartedContainer, _inspect: ContainerInspect): Promise<void> {}

  /**
   * The image's configuration, where it decides what is created. Unasked for otherwise, which saves two requests of a daemon: whether the
   * image is there, the creation tells.
   */
  async #prepareImages(engine: Engine, signal: AbortSignal | undefined): Promise<ImageConfig | undefined> {
    const { image, platform, mounts = [] } = this.#spec;
    const decides = this.#service !== undefined || this.#pullPolicy !== undefined;
    const inspect = decides ? await this.#ensureImage(engine, image, { signal, platform }) : undefined;
    for (const mount of mounts) if (mount.type === "image") await this.#ensureImage(engine, mount.source, { signal });
    return inspect?.config;
  }

  async #ensureImage(engine: Engine, image: string, options: PullOptions): Promise<ImageInspect> {
    if (!this.#pullPolicy?.shouldPull()) {
      const known = await engine.images.inspect(image).catch((error: unknown) => {
        if (isCaissonError(error, "IMAGE_NOT_FOUND")) return undefined;
        throw error;
      });
      if (known) return known;
    }
    return engine.images.pull(image, options);
  }

  async #create(
    engine: Engine,
    image: Pick<ImageConfig, "env" | "exposedPorts"> = { env: [], exposedPorts: [] },
    signal: AbortSignal | undefined,
  ): Promise<{ readonly id: string }> {
    throwIfAborted("start", signal);
    const ports = this.#ports ?? servicePorts(this.#service, image);
    return engine.containers.create({
      ...this.#spec,
      env: { ...serviceEnvironment(this.#service, this.#spec, image), ...this.#spec.env },
      ...(ports
        ? { publish: ports, exposedPorts: ports.map(({ containerPort, protocol = "tcp" }) => `${containerPort}/${protocol}`) }
        : { publishAll: true }),
    });
  }

  async #copy(engine: Engine, id: string, signal: AbortSignal | undefined): Promise<void> {
    const { noOverwriteDirNonDir, copyUIDGID } = this.#copyOptions;
    const options = { noOverwriteDirNonDir, keepOwner: copyUIDGID, signal };
    const copies = [...serviceFiles(this.#service, this.#spec), ...this.#copies];
    if (copies.length > 0) {
      const { copyArchive } = await import("./copy-archive.js");
      await engine.containers.copyIn(id, copyArchive(copies), { ...options, path: "/" });
    }
    for (const { tar, target = "/" } of this.#archives) await engine.containers.copyIn(id, tar, { ...options, path: target });
  }

  /** Settles when the consumer has had all of the log. */
  async #consumeLogs(engine: Engine, id: string): Promise<{ readonly ended: Promise<unknown> } | undefined> {
    if (!this.#logConsumer) return undefined;
    const stream = new ContainerLogs(() => engine.containers.logs(id, { follow: true })).readable();
    const ended = finished(stream).catch(() => {});
    await this.#logConsumer(stream);
    return { ended };
  }

  /** Set by the user, the service's own, then the image's health check, then its ports. */
  #strategy({ ports, state }: ContainerInspect): WaitStrategy | undefined {
    if (this.#wait) return this.#wait;
    if (this.#spec.healthcheck) return Wait.forHealthCheck();
    const service = serviceWait(this.#service, ports, this.#ports ?? []);
    if (service) return service;
    if (state.health) return Wait.forHealthCheck();
    return ports.some(({ protocol }) => protocol === "tcp") ? Wait.forListeningPorts() : undefined;
  }

  get #service(): ServiceDefaults | undefined {
    return serviceDefaults(this.#spec.image);
  }

  #with(change: Partial<ContainerSpec>): this {
    this.#spec = { ...this.#spec, ...change };
    return this;
  }
}
