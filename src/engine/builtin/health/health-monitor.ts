/** Runs a container's health check as Docker does: start period, start interval, retries. Knows nothing of how a probe is run. */
import type { Healthcheck, HealthState } from "../../engine.js";

export interface HealthMonitorOptions {
  readonly healthcheck: Healthcheck;
  /** Runs the test once; rejects when it could not be run. */
  readonly probe: (test: readonly string[], timeoutMs: number) => Promise<{ readonly exitCode: number; readonly output: string }>;
  /** Called at once with `starting`, and after every probe. */
  readonly onState: (state: HealthState) => void;
}

const DEFAULTS = { intervalMs: 30_000, timeoutMs: 30_000, startPeriodMs: 0, startIntervalMs: 5_000, retries: 3 };
const LOG_LENGTH = 5;

/** @returns what ends the checks */
export function monitorHealth({ healthcheck, probe, onState }: HealthMonitorOptions): () => void {
  const { intervalMs, timeoutMs, startPeriodMs, startIntervalMs, retries } = { ...DEFAULTS, ...withoutUnset(healthcheck) };
  const started = Date.now();
  let state: HealthState = { status: "starting", failingStreak: 0, log: [] };
  let ended = false;
  let timer: NodeJS.Timeout | undefined;

  const schedule = (): void => {
    const starting = state.status === "starting" && Date.now() - started < startPeriodMs;
    timer = setTimeout(() => void check(), starting ? Math.min(startIntervalMs, intervalMs) : intervalMs);
    timer.unref();
  };
  const check = async (): Promise<void> => {
    const start = new Date();
    const { exitCode, output } = await probe(healthcheck.test, timeoutMs).catch((error: Error) => ({
      exitCode: -1,
      output: error.message,
    }));
    if (ended) return;
    const inStartPeriod = state.status === "starting" && start.getTime() - started < startPeriodMs;
    state = nextState(state, { start, end: new Date(), exitCode, output }, inStartPeriod, retries || DEFAULTS.retries);
    onState(state);
    schedule();
  };

  onState(state);
  schedule();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

/** Failures count only once the start period is over; one success ends it. */
export function nextState(state: HealthState, probe: HealthState["log"][number], inStartPeriod: boolean, retries: number): HealthState {
  const log = [...state.log, probe].slice(-LOG_LENGTH);
  if (probe.exitCode === 0) return { status: "healthy", failingStreak: 0, log };
  const failingStreak = inStartPeriod ? state.failingStreak : state.failingStreak + 1;
  return { status: failingStreak >= retries ? "unhealthy" : state.status, failingStreak, log };
}

function withoutUnset(healthcheck: Healthcheck): Partial<typeof DEFAULTS> {
  // Zero means "inherit the default" in image configurations.
  return Object.fromEntries(
    Object.entries(healthcheck).filter(([name, value]) => name in DEFAULTS && typeof value === "number" && value > 0),
  );
}
