/** The probes' judgement of hosts that the test machine is not. */
import { expect, it } from "vitest";
import { cgroups, kernel, privileges } from "../../../src/engine/builtin/doctor/probe-host.js";
import { UNIFIED_HOST as HOST } from "../../fixtures/host-facts.js";

it("names kernels that are too old", () => {
  expect(kernel(HOST).status).toBe("passed");
  expect(kernel({ ...HOST, kernel: [5, 11] })).toMatchObject({ status: "failed", remedy: "Linux 5.12 or newer is needed." });
});

it("wants root with its capabilities, or a user namespace", () => {
  expect(privileges(HOST).status).toBe("passed");
  const namespace = { uids: [[0, 1000, 1] as const, [1, 100_000, 65_536] as const], gids: [], programs: { newuidmap: "", newgidmap: "" } };
  expect(privileges({ ...HOST, uid: 1000, userNamespace: namespace })).toEqual({
    name: "privileges",
    status: "passed",
    detail: "user 1000, in a user namespace of 65537 ids",
  });
  const single = { ...namespace, programs: undefined, single: { missing: "no ids", remedy: "Get some." } };
  expect(privileges({ ...HOST, uid: 1000, userNamespace: single })).toEqual({
    name: "privileges",
    status: "warning",
    detail: "user 1000, in a user namespace of a single id: no ids",
    remedy: "Get some.",
  });
  expect(privileges({ ...HOST, nested: true })).toMatchObject({ status: "passed", detail: expect.stringContaining("user namespace") });
  expect(privileges({ ...HOST, capabilities: 0n })).toMatchObject({ status: "failed", detail: "root without CAP_SYS_ADMIN" });
});

it("warns of limits that nobody enforces, by name", () => {
  const found = cgroups({ ...HOST, limits: { ...HOST.limits, cpu: false } });
  expect(found.map(({ name, status }) => [name, status])).toEqual([
    ["cgroup", "passed"],
    ["limit memory", "passed"],
    ["limit swap", "passed"],
    ["limit cpu", "warning"],
    ["limit cpuset", "passed"],
    ["limit pids", "passed"],
    ["limit blkioWeight", "passed"],
    ["limit blkioRates", "passed"],
  ]);
  expect(cgroups({ ...HOST, cgroups: { ...HOST.cgroups, version: "1", unified: undefined } })[0]).toMatchObject({ status: "warning" });
});
