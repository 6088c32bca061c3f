import { expect, it } from "vitest";
import { NOT_RESTARTED, nextRestart, type RestartState } from "../../../../../src/engine/builtin/containers/restart-policy.js";
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
