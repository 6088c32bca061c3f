/** `new Container(image)`: what to start, said fluently. Later calls of one method add to lists and replace single values. */
import type { ContainerSpec, Engine, MountSpec, ResourceLimits } from "../engine/engine.js";
import { CaissonError, optionError, throwIfAborted } from "../engine/errors.js";
import { defaultEngine } from "../engine/open.js";
import { runWait } from "../wait/run-wait.js";
import { Wait } from "../wait/wait.js";
import { checkMilliseconds, type WaitStrategy } from "../wait/wait-strategy.js";
import { engineTarget } from "./engine-target.js";
import { StartedContainer } from "./started-container.js";

export interface BindMount {
  readonly source: string;
  readonly target: string;
  /** @default "rw" */
  readonly mode?: "rw" | "ro" | "z" | "Z" | undefined;
}

export class Container {
  #spec: ContainerSpec;
  #wait: WaitStrategy | undefined;
  #startupTimeoutMs: number | undefined;
  readonly #engine: () => Promise<Engine>;

  /** @param options.engine @default the one that everything in this process shares */
  constructor(image: string, options: { readonly engine?: Engine | undefined } = {}) {
    if (typeof image !== "string" || image === "") throw optionError("image", image, "the name of an image");
    this.#spec = { image };
    const { engine } = options;
    this.#engine = engine ? () => Promise.resolve(engine) : defaultEngine;
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

  /** Ports to publish on free ports of the host: numbers, or `"53/udp"`. Without any, those that the image exposes. */
  withExposedPorts(...ports: readonly (number | string)[]): this {
    return this.#with({
      exposedPorts: [...(this.#spec.exposedPorts ?? []), ...ports.map((port) => (typeof port === "number" ? `${port}/tcp` : port))],
    });
  }

  withName(name: string): this {
    return this.#with({ name });
  }

  withLabels(labels: Readonly<Record<string, string>>): this {
    return this.#with({ labels: { ...this.#spec.labels, ...labels } });
  }

  withUser(user: string): this {
    return this.#with({ user });
  }

  withWorkingDir(workingDir: string): this {
    return this.#with({ workingDir });
  }

  withHostname(hostname: string): this {
    return this.#with({ hostname });
  }

  withBindMounts(mounts: readonly BindMount[]): this {
    return this.#withMounts(mounts.map(({ source, target, mode }) => ({ type: "bind", source, target, readonly: mode === "ro" })));
  }

  /** Options by target: `{ "/tmp": "rw,size=64m" }`. */
  withTmpFs(mounts: Readonly<Record<string, string>>): this {
    return this.#withMounts(
      Object.entries(mounts).map(([target, options]) => ({ type: "tmpfs", target, options: options.split(",").filter(Boolean) })),
    );
  }

  withAddedCapabilities(...capAdd: readonly string[]): this {
    return this.#with({ capAdd: [...(this.#spec.capAdd ?? []), ...capAdd] });
  }

  withDroppedCapabilities(...capDrop: readonly string[]): this {
    return this.#with({ capDrop: [...(this.#spec.capDrop ?? []), ...capDrop] });
  }

  withPrivilegedMode(): this {
    return this.#with({ privileged: true });
  }

  withResources(resources: ResourceLimits): this {
    return this.#with({ resources: { ...this.#spec.resources, ...resources } });
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

  /**
   * Starts it and waits until it is ready. When that fails nothing of it is left.
   * @throws IMAGE_NOT_FOUND, OPTION_INVALID, START_FAILED, COMMAND_NOT_FOUND, CONTAINER_EXITED, WAIT_TIMEOUT, WAIT_FAILED, ABORTED
   */
  async start(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<StartedContainer> {
    throwIfAborted("start", options.signal);
    const engine = await this.#engine();
    const { id } = await this.#create(engine, options.signal);
    try {
      await engine.containers.start(id, options);
      const inspected = await engine.containers.inspect(id);
      const exposedPorts = inspected.ports.map(({ containerPort, protocol }) => ({ port: containerPort, protocol }));
      const strategy = this.#wait ?? (exposedPorts.length > 0 ? Wait.forListeningPorts() : undefined);
      const target = engineTarget({ containers: engine.containers, events: engine.events.bind(engine) }, { ...inspected, exposedPorts });
      if (strategy) await runWait(strategy, target, { startupTimeoutMs: this.#startupTimeoutMs, signal: options.signal });
      return new StartedContainer(engine, inspected);
    } catch (error) {
      await engine.containers.remove(id, { force: true }).catch(() => {});
      throw error;
    }
  }

  async #create(engine: Engine, signal: AbortSignal | undefined): Promise<{ readonly id: string }> {
    const exposed = this.#spec.exposedPorts;
    const publish = exposed?.map((port) => ({
      containerPort: Number.parseInt(port, 10),
      protocol: port.endsWith("/udp") ? ("udp" as const) : ("tcp" as const),
    }));
    const spec: ContainerSpec = { ...this.#spec, ...(publish ? { publish } : { publishAll: true }) };
    try {
      return await engine.containers.create(spec);
    } catch (error) {
      if (!(error instanceof CaissonError) || error.code !== "IMAGE_NOT_FOUND") throw error;
      await engine.images.pull(spec.image, { signal });
      return engine.containers.create(spec);
    }
  }

  #withMounts(mounts: readonly MountSpec[]): this {
    return this.#with({ mounts: [...(this.#spec.mounts ?? []), ...mounts] });
  }

  #with(change: Partial<ContainerSpec>): this {
    this.#spec = { ...this.#spec, ...change };
    return this;
  }
}
