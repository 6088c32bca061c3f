/** `Volume`: files that outlive containers, as an object. A small face over the engine's volumes. */
import "../async-dispose.js";
import type { Engine, VolumeInspect, VolumeSpec } from "../engine/engine.js";
import { defaultEngine } from "../engine/open.js";

export interface VolumeOptions extends Omit<VolumeSpec, "name"> {
  /** @default the one that everything in this process shares */
  readonly engine?: Engine | undefined;
}

export class Volume {
  readonly #spec: VolumeSpec;
  readonly #engine: () => Promise<Engine>;

  /** @param name at least two characters of `[a-zA-Z0-9_.-]`, the first a letter or digit. @default generated */
  constructor(name?: string, options: VolumeOptions = {}) {
    const { engine, ...spec } = options;
    this.#spec = { ...spec, name };
    this.#engine = engine ? () => Promise.resolve(engine) : defaultEngine;
  }

  /** Makes it, or takes one that is there and was made alike. @throws OPTION_INVALID, VOLUME_NAME_TAKEN, STORE_UNWRITABLE, DISK_FULL */
  async create(): Promise<CreatedVolume> {
    const engine = await this.#engine();
    const { name } = await engine.volumes.create(this.#spec);
    return new CreatedVolume(engine, name);
  }
}

/** A volume that is there: what `Container.withVolumes` takes. `await using` removes it at the end of its scope. */
export class CreatedVolume implements AsyncDisposable {
  readonly #engine: Engine;
  readonly name: string;

  constructor(engine: Engine, name: string) {
    this.#engine = engine;
    this.name = name;
  }

  /** As it is now: where its files are, and who has it. @throws VOLUME_NOT_FOUND */
  inspect(): Promise<VolumeInspect> {
    return this.#engine.volumes.inspect(this.name);
  }

  /** With all that is in it. That it is gone already is as good. @throws VOLUME_IN_USE */
  remove(): Promise<void> {
    return this.#engine.volumes.remove(this.name, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }
}
