/** Hands events to any number of listeners, each at its own pace. */
import type { EngineEvent, EventsOptions } from "../../engine.js";

export class EventBus {
  readonly #listeners = new Set<Listener>();
  #closed = false;

  emit(type: EngineEvent["type"], action: string, id: string, attributes: Readonly<Record<string, string>> = {}): void {
    this.publish({ type, action, id, time: new Date(), attributes });
  }

  publish(event: EngineEvent): void {
    for (const listener of this.#listeners) listener.push(event);
  }

  /** What is published from this call on. Ends with the signal or with {@link close}. */
  subscribe(options: EventsOptions = {}): AsyncIterable<EngineEvent> {
    const listener = new Listener(options, () => this.#listeners.delete(listener));
    if (this.#closed || options.signal?.aborted) listener.end();
    else this.#listeners.add(listener);
    return listener;
  }

  close(): void {
    this.#closed = true;
    for (const listener of this.#listeners) listener.end();
  }
}

/** Queues what comes between two reads. Listening starts when it is made, not with the first read. */
class Listener implements AsyncIterable<EngineEvent>, AsyncIterator<EngineEvent> {
  readonly #queue: EngineEvent[] = [];
  readonly #type: EngineEvent["type"] | undefined;
  readonly #leave: () => void;
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(options: EventsOptions, leave: () => void) {
    this.#type = options.type;
    this.#leave = leave;
    options.signal?.addEventListener("abort", () => this.end(), { once: true });
  }

  push(event: EngineEvent): void {
    if (this.#ended || (this.#type && event.type !== this.#type)) return;
    this.#queue.push(event);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#leave();
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<EngineEvent>> {
    while (this.#queue.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const value = this.#queue.shift();
    return value ? { done: false, value } : { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<EngineEvent>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): AsyncIterator<EngineEvent> {
    return this;
  }
}
