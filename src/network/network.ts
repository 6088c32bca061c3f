/** `Network`: networks as objects. A small face over the engine's networks. */
import "../async-dispose.js";
import type { Engine, NetworkInspect, NetworkSpec } from "../engine/engine.js";
import { defaultEngine } from "../engine/open.js";

export interface NetworkOptions extends NetworkSpec {
  /** @default the one that everything in this process shares */
  readonly engine?: Engine | undefined;
}

/** A network that is not there yet: `await using network = await new Network().start()`. */
export class Network {
  readonly #options: NetworkOptions;

  /** Without a name one is generated. */
  constructor(options: NetworkOptions = {}) {
    this.#options = options;
  }

  /** @throws NETWORK_NAME_TAKEN, OPTION_INVALID */
  async start(): Promise<StartedNetwork> {
    const { engine: own, ...spec } = this.#options;
    const engine = own ?? (await defaultEngine());
    const { id } = await engine.networks.create(spec);
    return new StartedNetwork(engine, await engine.networks.inspect(id));
  }
}

/** A network that containers can be on; it goes with the process that made it. */
export class StartedNetwork implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #inspect: NetworkInspect;

  constructor(engine: Engine, inspect: NetworkInspect) {
    this.#engine = engine;
    this.#inspect = inspect;
  }

  getId(): string {
    return this.#inspect.id;
  }

  getName(): string {
    return this.#inspect.name;
  }

  /** As it is now, with its containers. */
  inspect(): Promise<NetworkInspect> {
    return this.#engine.networks.inspect(this.getId());
  }

  /** @throws NETWORK_IN_USE while running containers are on it */
  async stop(): Promise<void> {
    await this.#engine.networks.remove(this.getId());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
