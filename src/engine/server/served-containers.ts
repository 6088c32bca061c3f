/**
 * What clients said when they made their containers, word by word: `inspect` gives it back. Containers that outlive the server have it with
 * them, as an annotation.
 */
import type { ContainerSpec, Engine } from "../engine.js";

/** The body's fields, `HostConfig` and `NetworkingConfig` included. */
export type CreateRequest = Readonly<Record<string, unknown>>;

const ANNOTATION = "caisson.create-request";

export class ServedContainers {
  readonly #requests = new Map<string, CreateRequest>();
  readonly #lasting: boolean;

  constructor({ supports }: Engine) {
    this.#lasting = supports.annotations && !supports.sessionBound;
  }

  /** The spec with what a later server needs to know. */
  annotated(spec: ContainerSpec, request: CreateRequest): ContainerSpec {
    return this.#lasting ? { ...spec, annotations: { ...spec.annotations, [ANNOTATION]: JSON.stringify(request) } } : spec;
  }

  add(containerId: string, request: CreateRequest): void {
    this.#requests.set(containerId, request);
  }

  /** What an earlier server made. */
  async takeUp({ containers }: Engine): Promise<void> {
    if (!this.#lasting) return;
    for (const { id } of await containers.list({ all: true })) {
      const { [ANNOTATION]: request } = (await containers.inspect(id)).config.annotations;
      if (request !== undefined) this.add(id, JSON.parse(request) as CreateRequest);
    }
  }

  /** Undefined for a container that was made otherwise. */
  get(containerId: string): CreateRequest | undefined {
    return this.#requests.get(containerId);
  }

  removesItself(containerId: string): boolean {
    return (this.get(containerId)?.["HostConfig"] as { AutoRemove?: unknown } | undefined)?.AutoRemove === true;
  }

  forget(containerId: string): void {
    this.#requests.delete(containerId);
  }
}
