/** The time that a container is given to end by itself. Who comes later and has less patience shortens it: a stop may have hours. */
import { Deferred } from "./deferred.js";

/** The longest that Node's timers can wait; more would be no time at all. */
const LONGEST_MS = 2 ** 31 - 1;

export class Grace {
  readonly #over = new Deferred<false>();
  #end = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.shorten(ms);
  }

  /** To so many milliseconds from now; never prolongs it. */
  shorten(ms: number): void {
    const end = performance.now() + Math.min(ms, LONGEST_MS);
    if (end >= this.#end) return;
    this.#end = end;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#over.resolve(false), Math.min(ms, LONGEST_MS));
  }

  /** True when the promise settles before it is over. */
  suffices(exit: Promise<unknown>): Promise<boolean> {
    return Promise.race([exit.then(() => true), this.#over.promise]);
  }

  /** Nobody waits any more. */
  end(): void {
    clearTimeout(this.#timer);
  }
}
