/** `Wait.forAny()`: ready when the first of several strategies is; failed when all of them are. */
import { type WaitAttempt, WaitFailure, WaitStrategy } from "./wait-strategy.js";

export class AnyWait extends WaitStrategy {
  readonly description: string;
  override readonly composed = true;
  readonly #strategies: readonly WaitStrategy[];

  constructor(strategies: readonly WaitStrategy[]) {
    super();
    this.#strategies = strategies;
    this.description = strategies.map((strategy) => strategy.description).join(" or ");
  }

  override async waitUntilReady(attempt: WaitAttempt): Promise<void> {
    try {
      await Promise.any(this.#strategies.map((strategy) => attempt.run(strategy)));
    } catch (error) {
      const [first, ...rest] = (error as AggregateError).errors as unknown[];
      for (const other of rest) if (other instanceof WaitFailure) attempt.step(`also failed: ${other.message}`);
      throw first;
    }
  }
}
