/**
 * Where a log that ended goes on. Daemons write what comes on the two outputs in the order in which they get to it, not in that of its
 * times: after a record others may follow that are a little older. So the log is asked for from a moment before the end, and what has been
 * read is left out: it comes first, and as often. Pure.
 */

/** In nanoseconds. */
const STEP = 100_000_000n;
/** In steps: how late a record may come. */
const KEPT = 20n;

export class LogResumption {
  /** How many records have been read, by the step of their time. */
  readonly #read = new Map<bigint, number>();
  readonly #start: bigint | undefined;
  #earliest: bigint | undefined;
  #latest: bigint | undefined;
  #repeated = 0;

  /** @param start of all that is wanted, in nanoseconds since the epoch */
  constructor(start: bigint | undefined) {
    this.#start = start;
  }

  /** From where to read next; what has been read since comes again. In nanoseconds since the epoch. */
  resume(): bigint | undefined {
    if (this.#latest === undefined || this.#earliest === undefined) return this.#start;
    const first = this.#latest / STEP - KEPT;
    this.#repeated = 0;
    for (const [step, count] of this.#read) if (step >= first) this.#repeated += count;
    // Before the first one is what was not asked for.
    return first * STEP > this.#earliest ? first * STEP : this.#earliest;
  }

  /** Whether a record is a new one. @param time in nanoseconds since the epoch */
  isNew(time: bigint): boolean {
    if (this.#repeated > 0 && time <= (this.#latest ?? time)) {
      this.#repeated--;
      return false;
    }
    this.#note(time);
    return true;
  }

  #note(time: bigint): void {
    const step = time / STEP;
    this.#read.set(step, (this.#read.get(step) ?? 0) + 1);
    if (this.#earliest === undefined || time < this.#earliest) this.#earliest = time;
    if (this.#latest !== undefined && time <= this.#latest) return;
    this.#latest = time;
    for (const old of this.#read.keys()) if (old < step - KEPT) this.#read.delete(old);
  }
}
