/** `Wait.forLogMessage()`: ready when a line has appeared so many times. */
import { optionError } from "../engine/errors.js";
import { type WaitAttempt, WaitFailure, WaitStrategy } from "./wait-strategy.js";

export class LogMessageWait extends WaitStrategy {
  readonly description: string;
  readonly #message: string | RegExp;
  readonly #times: number;

  /** @throws OPTION_INVALID */
  constructor(message: string | RegExp, times = 1) {
    super();
    if (!Number.isInteger(times) || times < 1) throw optionError("times", times, "a whole number above 0");
    this.#message = message;
    this.#times = times;
    this.description = `${times === 1 ? "the log line" : `${times} times the log line`} ${message instanceof RegExp ? message : JSON.stringify(message)}`;
  }

  override async waitUntilReady({ target, signal, step }: WaitAttempt): Promise<void> {
    let seen = 0;
    for await (const { line } of target.logs(signal)) {
      if (!this.#matches(line)) continue;
      step(`saw ${JSON.stringify(line)}`);
      if (++seen === this.#times) return;
    }
    throw new WaitFailure(`the log ended after ${seen} of ${this.#times} matching lines`);
  }

  #matches(line: string): boolean {
    // search() takes no notice of a global expression's lastIndex.
    return this.#message instanceof RegExp ? line.search(this.#message) >= 0 : line.includes(this.#message);
  }
}
