/** What a plan does in other ways where the session is not root's. */
import { expect, it } from "vitest";
import { planPseudoMounts } from "../../../../../src/engine/builtin/runtime/plan-pseudo-mounts.js";
import { planOverlay } from "../../../../../src/engine/builtin/runtime/plan-rootfs.js";
import type { Plan } from "../../../../../src/engine/builtin/supervisor/codec.js";
import { UNIFIED_HOST } from "../../../../fixtures/host-facts.js";

const namespace = { uids: [[0, 1000, 1] as const], gids: [[0, 1000, 1] as const], programs: { newuidmap: "", newgidmap: "" } };
const ROOTLESS_HOST = { ...UNIFIED_HOST, uid: 1000, userNamespace: namespace };

const overlay = (host: typeof UNIFIED_HOST): Plan =>
  planOverlay({ layers: ["/l/a", "/l/b"], scratch: "/s", mountpoint: "/m", writable: true, host });
const pseudoMounts = (host: typeof UNIFIED_HOST, hostPid = false): Plan =>
  planPseudoMounts({ host, privileged: false, ownNetwork: true, hostPid, sharedMemory: { of: "none" } });

it("overlay's marks are user.* attributes, with both ways to mount it", () => {
  for (const kernel of [[6, 18] as const, [5, 12] as const]) {
    expect(JSON.stringify(overlay({ ...ROOTLESS_HOST, kernel }))).toContain("userxattr");
    expect(JSON.stringify(overlay({ ...UNIFIED_HOST, kernel }))).not.toContain("userxattr");
  }
});

it("devices are the host's, since a user namespace can make none", () => {
  const plan = pseudoMounts(ROOTLESS_HOST);
  expect(plan.filter(({ op }) => op === "MKNOD")).toEqual([]);
  for (const name of ["null", "zero", "full", "random", "urandom", "tty"])
    expect(plan).toContainEqual(expect.objectContaining({ op: "OPEN_TREE", path: `/dev/${name}` }));
  expect(pseudoMounts(UNIFIED_HOST).filter(({ op }) => op === "MKNOD")).toHaveLength(6);
});

it("/proc is the host's where the host's processes are, since it can mount none of them", () => {
  const binds = (plan: Plan): boolean => plan.some(({ op, path }) => op === "OPEN_TREE" && path === "/proc");
  expect([pseudoMounts(ROOTLESS_HOST), pseudoMounts(ROOTLESS_HOST, true), pseudoMounts(UNIFIED_HOST, true)].map(binds)).toEqual([
    false,
    true,
    false,
  ]);
});
