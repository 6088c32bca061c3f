/** `Wait.forAll()`: ready when every one of several strategies is. */
import { checkMilliseconds, type WaitAttempt, WaitStrategy } from "./wait-strategy.js";

export class AllWait extends WaitStrategy {
  readonly description: string;
  override readonly composed = true;
  readonly #strategies: readonly WaitStrategy[];

  constructor(strategies: readonly WaitStrategy[]) {
    super();
    this.#strategies = strategies;
    this.description = strategies.map((strategy) => strategy.description).join(" and ");
  }

  #deadlineMs: number | undefined;

  /** Milliseconds for all of them together. @throws OPTION_INVALID */
  withDeadline(deadlineMs: number): this {
    this.#deadlineMs = checkMilliseconds("deadline", deadlineMs);
    return this;
  }

  override get deadlineMs(): number | undefined {
    return this.#deadlineMs;
  }

  override async waitUntilReady(attempt: WaitAttempt): Promise<void> {
    await Promise.all(this.#strategies.map((strategy) => attempt.run(strategy)));
  }
}
