/** `Wait.forExit()` and `Wait.forOneShotStartup()`: ready when the container has ended, with the exit code that is expected. */
import { type WaitAttempt, WaitFailure, WaitStrategy } from "./wait-strategy.js";

export class ExitWait extends WaitStrategy {
  readonly description: string;
  override readonly readsExit = true;
  readonly #exitCode: number | undefined;

  /** @param exitCode any when left out */
  constructor(exitCode?: number) {
    super();
    this.#exitCode = exitCode;
    this.description = exitCode === undefined ? "its exit" : `its exit with code ${exitCode}`;
  }

  override async waitUntilReady({ target, signal, step }: WaitAttempt): Promise<void> {
    const { exitCode, signal: killedBy, oomKilled } = await target.exited(signal);
    const how = `${killedBy === undefined ? `exit code ${exitCode}` : `signal ${killedBy}`}${oomKilled ? ", out of memory" : ""}`;
    step(`it ended with ${how}`);
    if (this.#exitCode === undefined || exitCode === this.#exitCode) return;
    throw new WaitFailure(`it ended with ${how}, not with code ${this.#exitCode}`);
  }
}
