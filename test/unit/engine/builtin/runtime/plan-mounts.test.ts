import { describe, expect, it } from "vitest";
import { mountOf } from "../../../../../src/engine/builtin/containers/bind-sources.js";
import { type MountSource, type PlannedMount, planMounts } from "../../../../../src/engine/builtin/runtime/plan-mounts.js";
import { cleanTarget, isBelow } from "../../../../../src/engine/spec/mount-targets.js";
import { parseVolumesFrom } from "../../../../../src/engine/spec/validate-mounts.js";
import { UNIFIED_HOST as host } from "../../../../fixtures/host-facts.js";

const context = { mountpoint: "/mnt", host };
const plan = (...mounts: readonly PlannedMount[]) => planMounts(mounts, context);
const mount = (source: MountSource, more: Partial<PlannedMount> = {}): PlannedMount => ({ target: "/t", readonly: false, source, ...more });
const own = (target: string): PlannedMount => mount({ kind: "own", path: `/from${target}` }, { target });

const CLONE_ALL = 0x8001;
const RECURSIVE = 0x8000;
const FOLLOW = 1;

describe("planMounts", () => {
  it("mounts parents before what is below them, and otherwise keeps the order", () => {
    const { places } = plan(own("/a/b/c"), own("/etc/hosts"), own("/a"), own("/b/c"));
    expect(places.flatMap(({ op, path }) => (op === "MOVE_MOUNT" ? [path] : []))).toEqual(["a", "etc/hosts", "b/c", "a/b/c"]);
  });

  it("opens, makes the place, and mounts on it whatever links lead there", () => {
    expect(plan(mount({ kind: "own", path: "/data" })).places).toEqual([
      { op: "OPEN_TREE", slot: 4, path: "/data", flags: CLONE_ALL },
      { op: "MOUNT_POINT", slot: 4, path: "t" },
      { op: "MOVE_MOUNT", slot: 4, path: "t", flags: FOLLOW },
    ]);
  });

  it("write-protects all of it, or what a bind is without the mounts below", () => {
    const protections = (recursive: boolean) =>
      plan(mount({ kind: "host", path: "/h", recursive }, { readonly: true })).places.filter(({ set }) => set !== undefined);
    expect(protections(true)).toEqual([{ op: "MOUNT_SETATTR", slot: 4, set: 1, flags: RECURSIVE }]);
    expect(protections(false)).toEqual([{ op: "MOUNT_SETATTR", slot: 4, set: 1, flags: 0 }]);
  });

  it.each([
    [undefined, 1 << 18, RECURSIVE],
    ["private", 1 << 18, 0],
    ["slave", 1 << 19, 0],
    ["rshared", 1 << 20, RECURSIVE],
  ] as const)("takes a bind from the host's namespace, propagation %s", (propagation, value, flags) => {
    expect(plan(mount({ kind: "host", path: "/h", ...(propagation ? { propagation } : {}) })).places.slice(0, 2)).toEqual([
      { op: "OPEN_TREE_OF", slot: 4, path: "h", flags: CLONE_ALL },
      { op: "MOUNT_SETATTR", slot: 4, propagation: value, flags },
    ]);
  });

  it("takes a bind from its own namespace where nobody may enter the host's", () => {
    const { places } = planMounts([mount({ kind: "host", path: "/h" })], { mountpoint: "/mnt", host: { ...host, uid: 1000 } });
    expect(places[0]).toEqual({ op: "OPEN_TREE", slot: 4, path: "/h", flags: CLONE_ALL });
  });

  it("opens layers and other containers' mounts before the root is there, each in a slot of its own", () => {
    const { sources, places } = plan(
      mount({ kind: "layers", layers: ["/one"], path: "" }, { target: "/single" }),
      mount({ kind: "layers", layers: ["/low", "/high"], path: "/a/b" }, { target: "/image" }),
      mount({ kind: "container", id: "abc", path: "/shared" }, { target: "/shared" }),
    );
    expect(sources.filter(({ op }) => !op.startsWith("FS"))).toEqual([
      { op: "ROOT", path: "/one" },
      { op: "OPEN_TREE_IN_ROOT", slot: 16, path: ".", flags: CLONE_ALL },
      { op: "MOVE_MOUNT_HOST", slot: 1, path: "/mnt" },
      { op: "ROOT", path: "/mnt" },
      { op: "OPEN_TREE_IN_ROOT", slot: 17, path: "a/b", flags: CLONE_ALL },
      { op: "UMOUNT", path: "/mnt", flags: 2 },
      { op: "OPEN_TREE_OF", slot: 18, name: "abc", path: "shared", flags: CLONE_ALL },
    ]);
    expect(places.filter(({ op }) => op === "MOVE_MOUNT").map(({ slot }) => slot)).toEqual([16, 17, 18]);
  });

  it("says so when there are more of them than slots", () => {
    const many = Array.from({ length: 49 }, (_, index) => mount({ kind: "layers", layers: ["/one"], path: "" }, { target: `/${index}` }));
    expect(() => plan(...many)).toThrow(/at most 48/);
  });

  it("makes and fills directories before anything is mounted in the root, and keeps unfinished copies of each apart", () => {
    const fill = (path: string) =>
      mount({ kind: "own", path: "/v/_data" }, { make: ["/v", "/v/_data"], fill: { directory: "/v/_data", path } });
    const { contents } = plan(fill("."), fill("sub"));
    expect(contents.slice(0, 3)).toEqual([
      { op: "HOST_MKDIR", path: "/v", mode: 0o755 },
      { op: "HOST_MKDIR", path: "/v/_data", mode: 0o755 },
      { op: "POPULATE", path: "t", cwd: "/v/_data", data: ".", name: expect.stringMatching(/^filling-[0-9a-f]{16}$/) },
    ]);
    expect(contents[5]).toMatchObject({ op: "POPULATE", data: "sub" });
    expect(contents[5]!.name).not.toBe(contents[2]!.name);
  });

  it("resolves a part of a volume without leaving it", () => {
    expect(plan(mount({ kind: "beneath", directory: "/v", path: "a/b" })).places[0]).toEqual({
      op: "OPEN_TREE_BENEATH",
      slot: 4,
      path: "/v",
      data: "a/b",
      flags: CLONE_ALL,
    });
  });

  it("knows the options of tmpfs", () => {
    const tmpfs = (options: readonly string[]) => plan(mount({ kind: "tmpfs", spec: { type: "tmpfs", target: "/t", options } })).places;
    expect(tmpfs(["exec", "ro", "size=1m"]).find(({ op }) => op === "FSMOUNT")!.flags).toBe(1 | 2 | 4);
    expect(tmpfs(["size=1m"])).toContainEqual({ op: "FSCONFIG", slot: 2, command: 1, name: "size", data: "1m" });
    expect(() => tmpfs(["bogus"])).toThrow(/an option of tmpfs/);
  });
});

it.each([
  ["/data", "/data"],
  ["/data/", "/data"],
  ["//a/./b/../c", "/a/c"],
  ["/../..", "/"],
])("cleanTarget(%j) is %j", (target, clean) => {
  expect(cleanTarget(target)).toBe(clean);
});

it("what is below is no sibling with a longer name", () => {
  expect([isBelow("/a/b", "/a"), isBelow("/ab", "/a"), isBelow("/a", "/a"), isBelow("/a", "/")]).toEqual([true, false, false, true]);
});

it.each([
  ["name", { container: "name", readonly: false }],
  ["name:rw", { container: "name", readonly: false }],
  ["name:ro", { container: "name", readonly: true }],
])("parseVolumesFrom(%j)", (text, parsed) => {
  expect(parseVolumesFrom(text)).toEqual(parsed);
});

it("mountOf finds the nearest mount, the last one where several are stacked, and undoes escapes", () => {
  const lines = [
    "1 0 8:1 / / rw - ext4 /dev/a rw",
    "2 1 0:2 / /a rw shared:5 - tmpfs t rw",
    "3 2 0:3 / /a rw master:6 - tmpfs t rw",
    "4 1 0:4 / /with\\040space rw shared:7 propagate_from:2 - tmpfs t rw",
  ].join("\n");
  expect(mountOf("/a/b", lines)).toEqual({ target: "/a", fields: ["master:6"] });
  expect(mountOf("/ab", lines)).toEqual({ target: "/", fields: [] });
  expect(mountOf("/with space/x", lines)).toEqual({ target: "/with space", fields: ["shared:7", "propagate_from:2"] });
});
