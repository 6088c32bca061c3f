/** How long a container is given to end. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Grace } from "../../../../../src/engine/builtin/containers/grace.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const HOUR_MS = 3_600_000;

/** After how many milliseconds it was over, or what ended it. */
function outcome(grace: Grace, exit: Promise<unknown> = new Promise(() => {})): { value: boolean | undefined; afterMs: number } {
  const begun = performance.now();
  const seen: { value: boolean | undefined; afterMs: number } = { value: undefined, afterMs: 0 };
  void grace.suffices(exit).then((value) => Object.assign(seen, { value, afterMs: Math.round(performance.now() - begun) }));
  return seen;
}

it("is over after its time", async () => {
  const seen = outcome(new Grace(10_000));
  await vi.advanceTimersByTimeAsync(9_999);
  expect(seen.value).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  expect(seen).toEqual({ value: false, afterMs: 10_000 });
});

it("suffices where the end comes before", async () => {
  const exit = new Promise((resolve) => setTimeout(resolve, 50));
  const seen = outcome(new Grace(10_000), exit);
  await vi.advanceTimersByTimeAsync(60);
  expect(seen.value).toBe(true);
});

it("is shortened by who has less patience, from then on, and prolonged by nobody", async () => {
  const grace = new Grace(HOUR_MS);
  const seen = outcome(grace);
  await vi.advanceTimersByTimeAsync(5_000);
  grace.shorten(1_000);
  grace.shorten(HOUR_MS);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(seen).toEqual({ value: false, afterMs: 6_000 });
});

it("is as long as timers can be where more is asked for", async () => {
  const seen = outcome(new Grace(1e12));
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(seen.value).toBeUndefined();
});

it("leaves no timer behind", () => {
  const grace = new Grace(HOUR_MS);
  grace.end();
  expect(vi.getTimerCount()).toBe(0);
});
