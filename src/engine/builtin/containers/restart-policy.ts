/** When a container that has exited is started again: Docker's rules (moby, daemon/internal/restartmanager). Pure. */
import type { RestartPolicy } from "../../engine.js";

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
/** A run as long as this was a good one. */
const GOOD_RUN_MS = 10_000;

/** Of a container that an earlier server left. */
export interface LeftContainer {
  readonly policy: RestartPolicy | undefined;
  readonly hasRun: boolean;
  /** By a stop or a kill: what ends with its server is not ended by anybody. */
  readonly endedByUser: boolean;
  readonly exitCode: number;
  readonly restarts: number;
}

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

/** Whether a container that an earlier server left is started by the next one, as dockerd 20.10 and 26 do it. */
export function isResumed({ policy, hasRun, endedByUser, exitCode, restarts }: LeftContainer): boolean {
  const { name = "no", maximumRetryCount: most = 0 } = policy ?? {};
  if (!hasRun || name === "no") return false;
  if (name === "unless-stopped") return !endedByUser;
  return name === "always" || (exitCode !== 0 && (most === 0 || restarts < most));
}
