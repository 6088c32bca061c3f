import { describe, expect, it } from "vitest";
import { isResumed, NOT_RESTARTED, nextRestart, type RestartState } from "../../../../../src/engine/builtin/containers/restart-policy.js";
import type { RestartPolicy } from "../../../../../src/engine/engine.js";

const SHORT = { exitCode: 1, ranMs: 5 };

function delays(policy: RestartPolicy, runs: readonly { exitCode: number; ranMs: number }[]): (number | undefined)[] {
  let state: RestartState | undefined = NOT_RESTARTED;
  return runs.map((run) => {
    state = state && nextRestart(policy, state, run);
    return state?.delayMs;
  });
}

it("pauses double from 100 ms to a minute", () => {
  expect(delays({ name: "always" }, Array(12).fill(SHORT))).toEqual([
    100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000,
  ]);
});

it("a run of ten seconds makes up for those before it", () => {
  expect(delays({ name: "unless-stopped" }, [SHORT, SHORT, { exitCode: 0, ranMs: 10_000 }, SHORT])).toEqual([100, 200, 100, 200]);
});

it("on-failure knows success, and counts", () => {
  expect(delays({ name: "on-failure" }, [SHORT, { exitCode: 0, ranMs: 5 }])).toEqual([100, undefined]);
  expect(delays({ name: "on-failure", maximumRetryCount: 2 }, [SHORT, SHORT, SHORT])).toEqual([100, 200, undefined]);
  expect(delays({ name: "on-failure", maximumRetryCount: 0 }, Array(5).fill(SHORT))).not.toContain(undefined);
});

it("without a policy nothing is restarted", () => {
  expect(delays({ name: "no" }, [SHORT])).toEqual([undefined]);
  expect(nextRestart(undefined, NOT_RESTARTED, SHORT)).toBeUndefined();
});

describe("a container that an earlier server left", () => {
  const left = { hasRun: true, endedByUser: false, exitCode: 137, restarts: 0 };
  it.each<[string, boolean, RestartPolicy | undefined, Partial<typeof left>]>([
    ["always", true, { name: "always" }, {}],
    ["always, although it was stopped", true, { name: "always" }, { endedByUser: true, exitCode: 0 }],
    ["always, but never started", false, { name: "always" }, { hasRun: false }],
    ["unless it was stopped", true, { name: "unless-stopped" }, { exitCode: 0 }],
    ["unless it was stopped, and it was", false, { name: "unless-stopped" }, { endedByUser: true }],
    ["on failure, as which being killed counts", true, { name: "on-failure" }, { endedByUser: true }],
    ["on failure, after a success", false, { name: "on-failure" }, { exitCode: 0 }],
    ["on failure, as often as allowed", false, { name: "on-failure", maximumRetryCount: 2 }, { restarts: 2 }],
    ["on failure, once more", true, { name: "on-failure", maximumRetryCount: 2 }, { restarts: 1 }],
    ["without a policy", false, undefined, {}],
  ])("%s: started %s", (_, expected, policy, facts) => {
    expect(isResumed({ ...left, ...facts, policy })).toBe(expected);
  });
});
