import { expect, it } from "vitest";
import { requireEnforced } from "../../../../src/engine/spec/enforced-limits.js";

const enforced = { memory: true, swap: false, cpu: true, cpuset: true, pids: true, blkioWeight: false, blkioRates: false };

it("limits that are enforced pass, and so does swap without a limit", () => {
  expect(() => requireEnforced("remote", { memoryBytes: 64 << 20, pids: 3, memorySwapBytes: -1 }, enforced)).not.toThrow();
});

it.each([{ memorySwapBytes: 64 << 20 }, { blkioWeight: 100 }, { blkioDeviceReadBps: [{ path: "/dev/sda", rate: 1 }] }])(
  "%j is refused",
  (wanted) => {
    const feature = `resources.${Object.keys(wanted)[0]}`;
    expect(() => requireEnforced("remote", wanted, enforced)).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED", facts: { engine: "remote", feature } }),
    );
  },
);
