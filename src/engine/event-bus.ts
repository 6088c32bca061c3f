/** Hands events to any number of listeners, each at its own pace, and remembers the last ones. */
import type { EngineEvent, EventsOptions } from "./engine.js";
import { passesEvent } from "./filters.js";

/** Events that are remembered for `since`. */
const REMEMBERED = 1024;
/** setTimeout takes no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface EventBusHooks {
  /** Somebody listens, or nobody does any more. */
  readonly listened?: (anybody: boolean) => void;
}

export class EventBus {
  readonly #listeners = new Set<Listener>();
  readonly #past: EngineEvent[] = [];
  readonly #hooks: EventBusHooks;
  #closed = false;

  constructor(hooks: EventBusHooks = {}) {
    this.#hooks = hooks;
  }

  emit(type: EngineEvent["type"], action: string, id: string, attributes: Readonly<Record<string, string>> = {}): void {
    this.publish({ type, action, id, time: new Date(), attributes });
  }

  publish(event: EngineEvent): void {
    this.#past.push(event);
    if (this.#past.length > REMEMBERED) this.#past.shift();
    for (const listener of this.#listeners) listener.push(event);
  }

  /**
   * What is published from this call on, after what is remembered since the moment that is asked for. Ends with the signal, at the moment
   * that is asked for, or with {@link close}.
   */
  subscribe(options: EventsOptions = {}): AsyncIterable<EngineEvent> {
    const { since, until, signal } = options;
    const listener = new Listener(options, () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#hooks.listened?.(false);
    });
    if (since) for (const event of this.#past) if (event.time >= since) listener.push(event);
    if (this.#closed || signal?.aborted || (until && until.getTime() <= Date.now())) listener.end();
    else {
      this.#listeners.add(listener);
      if (this.#listeners.size === 1) this.#hooks.listened?.(true);
    }
    return listener;
  }

  /** Ends all who listen with an error, once they have had what came before. */
  fail(error: unknown): void {
    for (const listener of this.#listeners) listener.end(error);
  }

  close(): void {
    this.#closed = true;
    for (const listener of this.#listeners) listener.end();
  }
}

/** Queues what comes between two reads. Listening starts when it is made, not with the first read. */
class Listener implements AsyncIterable<EngineEvent>, AsyncIterator<EngineEvent> {
  readonly #queue: EngineEvent[] = [];
  readonly #options: EventsOptions;
  readonly #leave: () => void;
  readonly #timer: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;
  #ended = false;
  #error: unknown;

  constructor(options: EventsOptions, leave: () => void) {
    this.#options = options;
    this.#leave = leave;
    options.signal?.addEventListener("abort", () => this.end(), { once: true });
    if (options.until) this.#timer = setTimeout(() => this.end(), Math.min(options.until.getTime() - Date.now(), LONGEST_TIMER_MS));
  }

  push(event: EngineEvent): void {
    const { type, until, filters = {} } = this.#options;
    if (this.#ended || (type && event.type !== type) || (until && event.time > until) || !passesEvent(event, filters)) return;
    this.#queue.push(event);
    this.#wake?.();
  }

  end(error?: unknown): void {
    this.#error ??= error;
    this.#ended = true;
    clearTimeout(this.#timer);
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
    if (!value && this.#error !== undefined) throw this.#error;
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
