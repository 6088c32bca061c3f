/** What clients said when they made their containers, word by word: `inspect` gives it back. */
export interface CreateRequest {
  /** The body's fields, `HostConfig` and `NetworkingConfig` included. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly autoRemove: boolean;
}

export class ServedContainers {
  readonly #requests = new Map<string, CreateRequest>();

  add(containerId: string, request: CreateRequest): void {
    this.#requests.set(containerId, request);
  }

  /** Undefined for a container that was made otherwise. */
  get(containerId: string): CreateRequest | undefined {
    return this.#requests.get(containerId);
  }

  forget(containerId: string): void {
    this.#requests.delete(containerId);
  }
}
