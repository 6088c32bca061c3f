/** What a wait strategy is, and what it is given to work with. */
import { optionError } from "../engine/errors.js";
import type { WaitTarget } from "./wait-target.js";

/** Used where neither the strategy nor the container sets one. */
export const DEFAULT_STARTUP_TIMEOUT_MS = 60_000;

/** One container's wait by one strategy. Strategies keep what they see here or in locals, so that one object can serve many containers. */
export interface WaitAttempt {
  readonly target: WaitTarget;
  /** Fires when the wait is over, whoever ended it: stop and let go of everything. */
  readonly signal: AbortSignal;
  /** Notes something that was seen or tried; failures show these lines, repeats folded. */
  step(line: string): void;
  /** What a time-out's error says beyond the steps. Asked for when the time is up. */
  explainTimeout(explain: () => TimeoutExplanation): void;
  /** Runs a part of a composed strategy, under the same rules. */
  run(strategy: WaitStrategy): Promise<void>;
}

export interface TimeoutExplanation {
  readonly evidence: readonly string[];
  readonly remedy?: string | undefined;
}

/** Decides when a container is ready. Extend it for a strategy of your own. */
export abstract class WaitStrategy {
  /** What is waited for, to end the sentence "waiting for ...". */
  abstract readonly description: string;
  /** The strategy reads the exit itself; all others end with CONTAINER_EXITED at once when the container exits. */
  readonly readsExit: boolean = false;
  /** The strategy runs others, whose time-outs count instead of its own. */
  readonly composed: boolean = false;
  #startupTimeoutMs: number | undefined;

  /** Milliseconds until WAIT_TIMEOUT. @default the container's `withStartupTimeout`, else 60,000 */
  withStartupTimeout(startupTimeoutMs: number): this {
    this.#startupTimeoutMs = checkMilliseconds("startupTimeout", startupTimeoutMs);
    return this;
  }

  /** Undefined when it was not set here. */
  get startupTimeoutMs(): number | undefined {
    return this.#startupTimeoutMs;
  }

  /** Of a composed strategy as a whole. */
  get deadlineMs(): number | undefined {
    return undefined;
  }

  /** Resolves once the container is ready. @throws WaitFailure when it never will be */
  abstract waitUntilReady(attempt: WaitAttempt): Promise<void>;
}

/** Thrown by a strategy that has seen proof that the container will not become ready. */
export class WaitFailure extends Error {
  override readonly name = "WaitFailure";
  readonly evidence: readonly string[];
  readonly remedy: string | undefined;

  constructor(reason: string, details: { readonly evidence?: readonly string[]; readonly remedy?: string; readonly cause?: unknown } = {}) {
    super(reason, details.cause === undefined ? undefined : { cause: details.cause });
    this.evidence = details.evidence ?? [];
    this.remedy = details.remedy;
  }
}

/** @throws OPTION_INVALID */
export function checkMilliseconds(option: string, value: number): number {
  // setTimeout fires at once for anything above 2^31 - 1.
  if (!Number.isFinite(value) || value <= 0 || value > 2 ** 31 - 1) {
    throw optionError(option, value, "a number of milliseconds above 0 and below 2^31");
  }
  return value;
}
