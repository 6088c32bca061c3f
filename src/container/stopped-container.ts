/** A container that was stopped by `StartedContainer.stop()`. With `remove: false` its files are still there. */
import type { Readable } from "node:stream";
import type { Engine } from "../engine/engine.js";

export class StoppedContainer {
  readonly #engine: Engine;
  readonly #id: string;

  constructor(engine: Engine, id: string) {
    this.#engine = engine;
    this.#id = id;
  }

  getId(): string {
    return this.#id;
  }

  /** A tar. @throws CONTAINER_NOT_FOUND when it was removed, PATH_NOT_FOUND */
  copyArchiveFromContainer(path: string): Promise<Readable> {
    return this.#engine.containers.copyOut(this.#id, path);
  }

  /** @throws CONTAINER_NOT_FOUND when it was removed */
  async remove(): Promise<void> {
    await this.#engine.containers.remove(this.#id, { force: true });
  }
}
