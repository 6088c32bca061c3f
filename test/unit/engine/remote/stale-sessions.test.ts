/** Whose leavings may be removed: only those of processes that have ended for sure. */
import { expect, it } from "vitest";
import { hasEnded, thisProcess } from "../../../../src/engine/remote/lifetime/process-identity.js";
import { disownedLabels, ownerOf, sessionLabels, withoutSessionLabels } from "../../../../src/engine/remote/lifetime/session-labels.js";
import { staleSessions } from "../../../../src/engine/remote/lifetime/sweep-stale-sessions.js";

const owner = { host: "h", pid: 7, started: "1" };

it("reads what it writes, and shows users only their own", () => {
  const labels = { mine: "1", ...sessionLabels("s", owner) };
  expect(ownerOf(labels)).toEqual({ session: "s", owner });
  expect(withoutSessionLabels(labels)).toEqual({ mine: "1" });
  expect(ownerOf({ ...labels, ...disownedLabels() })).toBeUndefined();
  expect(ownerOf({ ...labels, "caisson.owner.pid": "-1" })).toBeUndefined();
});

it("names each ended session once", () => {
  const labels = [sessionLabels("gone", owner), sessionLabels("gone", owner), sessionLabels("there", { ...owner, pid: 8 }), {}];
  expect(staleSessions(labels, ({ pid }) => pid === 7)).toEqual(["gone"]);
});

it("believes nothing but the kernel", () => {
  const self = thisProcess();
  expect(hasEnded(self)).toBe(false);
  expect(hasEnded({ ...self, pid: 2 ** 22 + 1 })).toBe(true);
  expect(hasEnded({ ...self, host: "another", pid: 2 ** 22 + 1 })).toBe(false);
  // A number that was given out again.
  if (process.platform === "linux") expect(hasEnded({ ...self, started: "1" })).toBe(true);
});
