/**
 * What happens at the daemon. All who listen from now on share one connection, which is there while anybody listens; who asks for the past
 * has one alone.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type EventJson, eventOf, secondsOf } from "../docker-api/event-json.js";
import { readJsonLines } from "../docker-api/json-lines.js";
import type { EngineEvent, EventsOptions } from "../engine.js";
import { EventBus } from "../event-bus.js";
import type { DockerClient } from "./docker-client.js";

/** Pauses before a connection that broke is made anew; after the last one, all who listen are told. */
const RETRY_MS = [0, 100, 300, 600, 1000, 2000];
const DOING = "Listening to events";

export class EventStream {
  readonly #client: DockerClient;
  readonly #bus: EventBus;
  #shared: { readonly stop: AbortController; readonly live: Promise<void> } | undefined;
  #closed = false;

  constructor(client: DockerClient) {
    this.#client = client;
    this.#bus = new EventBus({ listened: (anybody) => (anybody ? this.#listen() : this.#leave()) });
  }

  /** @throws DAEMON_UNREACHABLE from the iteration, when the daemon is gone and doesn't come back */
  subscribe(options: EventsOptions = {}): AsyncIterable<EngineEvent> {
    return options.since || options.until ? this.#past(options) : this.#bus.subscribe(options);
  }

  /** As {@link subscribe} from now on, once the daemon is heard: nothing that happens after this resolves is missed. */
  async heard(options: EventsOptions): Promise<AsyncIterable<EngineEvent>> {
    const events = this.#bus.subscribe(options);
    await this.#shared?.live;
    return events;
  }

  close(): void {
    this.#closed = true;
    this.#bus.close();
    this.#leave();
  }

  #leave(): void {
    this.#shared?.stop.abort();
    this.#shared = undefined;
  }

  #listen(): void {
    if (this.#closed) return;
    const stop = new AbortController();
    // What happens on the way to the daemon is asked for afterwards: nobody who has begun to listen misses it.
    const since = this.#client.now();
    let lived: () => void = () => {};
    const live = new Promise<void>((resolve) => {
      lived = resolve;
    });
    this.#shared = { stop, live };
    this.#read(since, stop.signal, lived)
      .catch((error: unknown) => {
        if (!stop.signal.aborted) this.#bus.fail(error);
      })
      .finally(lived);
  }

  /** Reads until the signal fires, over as many connections as it takes. */
  async #read(fromMs: number, signal: AbortSignal, lived: () => void): Promise<void> {
    let since = (fromMs / 1000).toFixed(6);
    let last = "";
    let failures = 0;
    for (;;) {
      try {
        const { body } = await this.#client.stream("GET", "/events", { doing: DOING, query: { since }, signal });
        failures = 0;
        lived();
        for await (const json of readJsonLines<EventJson>(body)) {
          if (json.timeNano !== undefined) since = nanosecondsText(json.timeNano);
          // A connection begins with what came last on the one before.
          const key = `${json.timeNano} ${json.Action} ${json.Actor?.ID}`;
          if (key === last) continue;
          last = key;
          const event = eventOf(json);
          if (event) this.#bus.publish(event);
        }
        if (signal.aborted) return;
        failures++;
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        if (failures >= RETRY_MS.length) throw error;
      }
      await sleep(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)], undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
    }
  }

  /** Asked for when this is called, not with the first read. */
  #past(options: EventsOptions): AsyncIterable<EngineEvent> {
    const stop = new AbortController();
    const bus = new EventBus({ listened: (anybody) => anybody || stop.abort() });
    const { since, until, ...rest } = options;
    // The daemon ends at the moment, and knows the past; that includes what came in the same millisecond.
    const query = {
      since: since && secondsOf(since),
      until: until && secondsOf(new Date(until.getTime() + 1)),
      filters: options.type && JSON.stringify({ type: [options.type] }),
    };
    const events = bus.subscribe(rest);
    const read = async (): Promise<void> => {
      const { body } = await this.#client.stream("GET", "/events", { doing: DOING, query, signal: stop.signal });
      for await (const json of readJsonLines<EventJson>(body)) {
        const event = eventOf(json);
        if (event && !(until && event.time > until)) bus.publish(event);
      }
    };
    void read().then(
      () => bus.close(),
      (error: unknown) => (stop.signal.aborted ? bus.close() : bus.fail(error)),
    );
    return events;
  }
}

function nanosecondsText(nanoseconds: number): string {
  const whole = BigInt(Math.trunc(nanoseconds));
  return `${whole / 1_000_000_000n}.${String(whole % 1_000_000_000n).padStart(9, "0")}`;
}
