import { expect, it } from "vitest";
import type { MountSpec } from "../../../../src/engine/engine.js";
import { checkVolumeSubpaths } from "../../../../src/engine/remote/volume-subpaths.js";

const whole: MountSpec = { type: "volume", source: "v", target: "/v" };
const part: MountSpec = { ...whole, subpath: "a" };

it("a part of a volume is refused where the daemon would mount all of it", () => {
  expect(() => checkVolumeSubpaths([whole, part], false)).toThrow(
    expect.objectContaining({ code: "UNSUPPORTED", facts: { engine: "remote", feature: "mounts.subpath" } }),
  );
});

it("whole volumes are mounted by every daemon, parts by those that can", () => {
  expect(() => checkVolumeSubpaths([whole], false)).not.toThrow();
  expect(() => checkVolumeSubpaths([whole, part], true)).not.toThrow();
});
