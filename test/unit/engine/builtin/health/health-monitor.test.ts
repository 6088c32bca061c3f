/** The schedule of health checks, in time that passes only when told to. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { monitorHealth } from "../../../../../src/engine/builtin/health/health-monitor.js";
import type { Healthcheck, HealthState } from "../../../../../src/engine/engine.js";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

interface Watched {
  /** When probes began, in milliseconds since the container did. */
  readonly at: number[];
  readonly states: HealthState[];
  stop(): void;
}

function watch(
  healthcheck: Omit<Healthcheck, "test">,
  healthy: (ms: number) => boolean,
  options: { tookMs?: number; initial?: HealthState } = {},
): Watched {
  const began = Date.now();
  const at: number[] = [];
  const states: HealthState[] = [];
  const stop = monitorHealth({
    healthcheck: { test: ["CMD", "probe"], ...healthcheck },
    probe: async () => {
      const ms = Date.now() - began;
      at.push(ms);
      if (options.tookMs) await vi.advanceTimersByTimeAsync(options.tookMs);
      return { exitCode: healthy(ms) ? 0 : 1, output: "" };
    },
    onState: (state) => states.push(state),
    initial: options.initial,
  });
  return { at, states, stop };
}

const statusOf = ({ states }: Watched): HealthState["status"] | undefined => states.at(-1)?.status;

describe("before the first success", () => {
  it("the first probe comes at once, and further ones in pauses that double", async () => {
    const watched = watch({ intervalMs: 10_000 }, () => false);
    await vi.advanceTimersByTimeAsync(3000);
    expect(watched.at).toEqual([0, 50, 150, 350, 750, 1550]);
    expect(watched.states.at(-1)).toMatchObject({ status: "starting", failingStreak: 0 });
  });

  it("only Docker's own probes count against it", async () => {
    const watched = watch({ intervalMs: 1000, retries: 2 }, () => false);
    await vi.advanceTimersByTimeAsync(1100);
    expect(watched.states.at(-1)).toMatchObject({ status: "starting", failingStreak: 1 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(watched.states.at(-1)).toMatchObject({ status: "unhealthy", failingStreak: 2 });
    expect(watched.states.at(-1)!.log).toHaveLength(5);
  });

  it("none counts in the start period, which a success ends", async () => {
    const watched = watch({ intervalMs: 100, startPeriodMs: 5000, startIntervalMs: 100, retries: 1 }, (ms) => ms > 3000 && ms < 3500);
    await vi.advanceTimersByTimeAsync(3000);
    expect(statusOf(watched)).toBe("starting");
    await vi.advanceTimersByTimeAsync(200);
    expect(statusOf(watched)).toBe("healthy");
    await vi.advanceTimersByTimeAsync(500);
    expect(statusOf(watched)).toBe("unhealthy");
  });

  it("a probe that takes long is followed by a pause at least as long", async () => {
    const watched = watch({ intervalMs: 60_000 }, () => false, { tookMs: 400 });
    await vi.advanceTimersByTimeAsync(2000);
    expect(watched.at.slice(0, 3)).toEqual([0, 800, 2000]);
  });
});

describe("after it", () => {
  it("probes come with the interval", async () => {
    const watched = watch({ intervalMs: 700 }, () => true);
    await vi.advanceTimersByTimeAsync(2200);
    expect(watched.at).toEqual([0, 700, 1400, 2100]);
  });

  it("every failure counts, and one success makes up for all", async () => {
    const watched = watch({ intervalMs: 100, retries: 3 }, (ms) => ms === 0 || ms > 450);
    await vi.advanceTimersByTimeAsync(250);
    expect(watched.states.at(-1)).toMatchObject({ status: "healthy", failingStreak: 2 });
    await vi.advanceTimersByTimeAsync(100);
    expect(watched.states.at(-1)).toMatchObject({ status: "unhealthy", failingStreak: 3 });
    await vi.advanceTimersByTimeAsync(200);
    expect(watched.states.at(-1)).toMatchObject({ status: "healthy", failingStreak: 0 });
  });
});

it("zeros are Docker's defaults", async () => {
  const watched = watch({ intervalMs: 0, retries: 0, timeoutMs: 0 }, () => true);
  await vi.advanceTimersByTimeAsync(59_000);
  expect(watched.at).toEqual([0, 30_000]);
});

it("goes on with what it knew, after an interval", async () => {
  const watched = watch({ intervalMs: 300 }, () => false, { initial: { status: "healthy", failingStreak: 1, log: [] } });
  await vi.advanceTimersByTimeAsync(350);
  expect(watched.at).toEqual([300]);
  expect(watched.states.at(-1)).toMatchObject({ status: "healthy", failingStreak: 2 });
});

it("ends when told, whatever is under way", async () => {
  const watched = watch({ intervalMs: 100 }, () => true);
  await vi.advanceTimersByTimeAsync(150);
  watched.stop();
  const { length } = watched.states;
  await vi.advanceTimersByTimeAsync(1000);
  expect(watched.states).toHaveLength(length);
});
