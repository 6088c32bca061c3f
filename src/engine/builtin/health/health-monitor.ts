/**
 * Runs a container's health check as Docker does: interval, start period and start interval, retries. Beyond that the first probe comes at
 * once, and until the first success further ones come between Docker's, so that readiness does not wait for an interval to pass: these
 * only count when they succeed. Knows nothing of how a probe is run.
 */
import type { Healthcheck, HealthState } from "../../engine.js";

export interface HealthMonitorOptions {
  readonly healthcheck: Healthcheck;
  /** Runs the test once; rejects when it could not be run. */
  readonly probe: (test: readonly string[], timeoutMs: number) => Promise<ProbeResult>;
  /** Called at once with the first state, and after every probe. */
  readonly onState: (state: HealthState) => void;
  /** What is known from before a pause. @default starting */
  readonly initial?: HealthState | undefined;
}

export interface ProbeResult {
  /** -1 when it could not be run, or took too long. */
  readonly exitCode: number;
  readonly output: string;
}

export interface HealthTimes {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startPeriodMs: number;
  readonly startIntervalMs: number;
  readonly retries: number;
}

const DEFAULTS: HealthTimes = { intervalMs: 30_000, timeoutMs: 30_000, startPeriodMs: 0, startIntervalMs: 5_000, retries: 3 };
const LOG_LENGTH = 5;
/** Before the probes that come on top; doubled for each of them. */
const PAUSE_MS = 25;
const CLOCK_SLACK_MS = 2;

/** @returns what ends the checks */
export function monitorHealth({ healthcheck, probe, onState, initial }: HealthMonitorOptions): () => void {
  const times = healthTimes(healthcheck);
  const began = Date.now();
  let state: HealthState = initial ?? { status: "starting", failingStreak: 0, log: [] };
  let schedule: Schedule = { dueAt: began + regularPause(times, 0), pauseMs: PAUSE_MS };
  let ended = false;
  let timer: NodeJS.Timeout | undefined;

  const check = async (): Promise<void> => {
    const start = new Date();
    const { exitCode, output } = await probe(healthcheck.test, times.timeoutMs).catch((error: Error) => ({
      exitCode: -1,
      output: error.message,
    }));
    if (ended) return;
    const end = new Date();
    const counts = isDue(schedule.dueAt, start.getTime()) && start.getTime() - began >= times.startPeriodMs;
    state = nextState(state, { start, end, exitCode, output }, state.status !== "starting" || counts, times.retries);
    onState(state);
    if (ended) return;
    schedule = nextSchedule(schedule, times, began, { startedAt: start.getTime(), endedAt: end.getTime() });
    plan(state.status === "starting" ? waitFor(schedule, end.getTime()) : times.intervalMs);
  };
  const plan = (ms: number): void => {
    timer = setTimeout(() => void check(), ms);
    timer.unref();
  };

  onState(state);
  if (initial && initial.status !== "starting") plan(times.intervalMs);
  else void check();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

/** While it starts: when Docker's next probe is due, and how long to wait at most for one that comes before. */
export interface Schedule {
  readonly dueAt: number;
  readonly pauseMs: number;
}

/** Milliseconds from now to the next probe of any kind. */
export function waitFor({ dueAt, pauseMs }: Schedule, now: number): number {
  return Math.max(0, Math.min(pauseMs, dueAt - now));
}

export interface LastProbe {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Pauses double, and are no shorter than a probe takes. @param began when the container did */
export function nextSchedule({ dueAt, pauseMs }: Schedule, times: HealthTimes, began: number, { startedAt, endedAt }: LastProbe): Schedule {
  return {
    dueAt: isDue(dueAt, startedAt) ? endedAt + regularPause(times, endedAt - began) : dueAt,
    pauseMs: Math.max(pauseMs * 2, endedAt - startedAt),
  };
}

/** Timers and the clock differ by a little. */
export function isDue(dueAt: number, now: number): boolean {
  return now >= dueAt - CLOCK_SLACK_MS;
}

export function regularPause({ intervalMs, startPeriodMs, startIntervalMs }: HealthTimes, sinceStartMs: number): number {
  return sinceStartMs < startPeriodMs ? Math.min(startIntervalMs, intervalMs) : intervalMs;
}

/** @param counts whether a failure does */
export function nextState(state: HealthState, probe: HealthState["log"][number], counts: boolean, retries: number): HealthState {
  const log = [...state.log, probe].slice(-LOG_LENGTH);
  if (probe.exitCode === 0) return { status: "healthy", failingStreak: 0, log };
  const failingStreak = counts ? state.failingStreak + 1 : state.failingStreak;
  return { status: failingStreak >= retries ? "unhealthy" : state.status, failingStreak, log };
}

/** Zero means "the default" in image configurations. */
function healthTimes(healthcheck: Healthcheck): HealthTimes {
  const given = Object.entries(healthcheck).filter(([name, value]) => name in DEFAULTS && typeof value === "number" && value > 0);
  return { ...DEFAULTS, ...Object.fromEntries(given) };
}
