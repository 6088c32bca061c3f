/** `Wait.forAll()`: ready when every one of several strategies is. */
import { type WaitAttempt, WaitStrategy } from "./wait-strategy.js";

export class AllWait extends WaitStrategy {
  readonly description: string;
  override readonly composed = true;
  readonly #strategies: readonly WaitStrategy[];

  constructor(strategies: readonly WaitStrategy[]) {
    super();
    this.#strategies = strategies;
    this.description = strategies.map((strategy) => strategy.description).join(" and ");
  }

  override async waitUntilReady(attempt: WaitAttempt): Promise<void> {
    await Promise.all(this.#strategies.map((strategy) => attempt.run(strategy)));
  }
}
