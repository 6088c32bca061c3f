/** When a container that has exited is started again: Docker's rules (moby, daemon/internal/restartmanager). Pure. */
import type { RestartPolicy } from "../../engine.js";

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
/** A run as long as this was a good one. */
const GOOD_RUN_MS = 10_000;

export interface RestartState {
  readonly count: number;
  /** Before the last restart. */
  readonly delayMs: number;
}

export const NOT_RESTARTED: RestartState = { count: 0, delayMs: 0 };

export interface EndedRun {
  readonly exitCode: number;
  readonly ranMs: number;
}

/** Undefined when it stays as it is. */
export function nextRestart(
  policy: RestartPolicy | undefined,
  state: RestartState,
  { exitCode, ranMs }: EndedRun,
): RestartState | undefined {
  const { name = "no", maximumRetryCount: most = 0 } = policy ?? {};
  if (name === "no") return undefined;
  if (name === "on-failure" && (exitCode === 0 || (most > 0 && state.count >= most))) return undefined;
  const doubled = ranMs >= GOOD_RUN_MS ? FIRST_DELAY_MS : Math.max(FIRST_DELAY_MS, state.delayMs * 2);
  return { count: state.count + 1, delayMs: Math.min(doubled, LONGEST_DELAY_MS) };
}
