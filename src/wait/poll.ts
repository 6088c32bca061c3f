/** Trying again and again, for what sends no event: quickly at first, then at a steady pace. */
import { setTimeout as sleep } from "node:timers/promises";

export interface PollOptions {
  readonly signal: AbortSignal;
  /** Milliseconds after the first try. @default 10 */
  readonly firstMs?: number;
  /** Milliseconds between tries in the long run. @default 100 */
  readonly steadyMs?: number;
}

/** Resolves once `attempt` returns true; rejects with what it throws, or when the signal fires. */
export async function pollUntil(attempt: () => Promise<boolean>, { signal, firstMs = 10, steadyMs = 100 }: PollOptions): Promise<void> {
  for (let pause = firstMs; !(await attempt()); pause = Math.min(pause * 2, steadyMs)) {
    await sleep(pause, undefined, { signal });
  }
}
