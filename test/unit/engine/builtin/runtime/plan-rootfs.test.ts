import { describe, expect, it } from "vitest";
import { copyLayers, planOverlay, planRootfs, type RootfsOptions } from "../../../../../src/engine/builtin/runtime/plan-rootfs.js";
import { FlattenFlag } from "../../../../../src/engine/builtin/supervisor/protocol.js";
import { UNIFIED_HOST } from "../../../../fixtures/host-facts.js";

const LAYERS = ["/store/low", "/store/high"];
const OPTIONS: RootfsOptions = {
  layers: LAYERS,
  scratch: "/session/containers/one",
  mountpoint: "/session/mnt",
  writable: true,
  host: { ...UNIFIED_HOST, overlayRefused: "upperdir: EINVAL" },
};
const operations = (options: Partial<RootfsOptions>) => planRootfs({ ...OPTIONS, ...options }).map(({ op }) => op);

describe("a root file system where no overlay can be mounted", () => {
  it("is a copy of the layers, lowest first, in the container's directory", () => {
    expect(planOverlay(OPTIONS)).toMatchObject([
      { op: "HOST_MKDIR" },
      { op: "FLATTEN", path: "/session/containers/one/root", arg: LAYERS },
      { op: "OPEN_TREE", path: "/session/containers/one/root" },
      { op: "MOVE_MOUNT_HOST", path: "/session/mnt" },
    ]);
  });

  it("is the same one, read-only, for those who only look", () => {
    const plan = planRootfs({ ...OPTIONS, writable: false });
    expect(plan).toContainEqual(copyLayers(LAYERS, "/session/containers/one")[1]);
    expect(plan).toContainEqual(expect.objectContaining({ op: "MOUNT_SETATTR" }));
    expect(operations({ writable: true })).not.toContain("MOUNT_SETATTR");
  });

  it("is links to the layers' files, read-only, of an image alone: one directory for the same layers", () => {
    const plan = planRootfs({ ...OPTIONS, scratch: undefined, writable: false });
    const made = plan.find(({ op }) => op === "FLATTEN");
    expect(made).toMatchObject({ path: expect.stringMatching(/^\/session\/merged\/[0-9a-f]{32}$/), flags: FlattenFlag.LINK, arg: LAYERS });
    expect(plan).toContainEqual(expect.objectContaining({ op: "MOUNT_SETATTR" }));
    const other = planRootfs({ ...OPTIONS, layers: [...LAYERS].reverse(), scratch: undefined, writable: false });
    expect(other.find(({ op }) => op === "FLATTEN")?.path).not.toBe(made?.path);
  });

  it("is a lonely layer itself, and an overlay everywhere else", () => {
    expect(operations({ layers: ["/store/low"], scratch: undefined, writable: false })).toEqual(["ROOT"]);
    expect(operations({ host: UNIFIED_HOST })).not.toContain("FLATTEN");
  });
});
