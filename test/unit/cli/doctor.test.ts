/** The probes' judgement of hosts that the test machine is not. */
import { expect, it } from "vitest";
import { cgroups, kernel, privileges } from "../../../src/engine/builtin/doctor/probe-host.js";
import type { HostFacts } from "../../../src/engine/builtin/runtime/host-facts.js";

const HOST: HostFacts = {
  uid: 0,
  capabilities: (1n << 41n) - 1n,
  kernel: [6, 18],
  architecture: "x64",
  cgroups: { version: "2", unified: "/sys/fs/cgroup", unifiedControllers: ["memory", "cpu", "pids"], v1: {} },
  limits: { memory: true, cpu: true, pids: true },
  protectedPaths: { maskedDirectories: [], maskedFiles: [], readonly: [] },
  resolvConf: "",
  ipv6: false,
};

it("names kernels that are too old", () => {
  expect(kernel(HOST).status).toBe("passed");
  expect(kernel({ ...HOST, kernel: [5, 11] })).toMatchObject({ status: "failed", remedy: "Linux 5.12 or newer is needed." });
});

it("wants root with its capabilities", () => {
  expect(privileges(HOST).status).toBe("passed");
  expect(privileges({ ...HOST, uid: 1000 })).toMatchObject({ status: "failed", detail: "user 1000" });
  expect(privileges({ ...HOST, capabilities: 0n })).toMatchObject({ status: "failed", detail: "root without CAP_SYS_ADMIN" });
});

it("warns of limits that nobody enforces, by name", () => {
  const found = cgroups({ ...HOST, limits: { memory: true, cpu: false, pids: true } });
  expect(found.map(({ name, status }) => [name, status])).toEqual([
    ["cgroup", "passed"],
    ["limit memory", "passed"],
    ["limit cpu", "warning"],
    ["limit pids", "passed"],
  ]);
  expect(cgroups({ ...HOST, cgroups: { ...HOST.cgroups, version: "1", unified: undefined } })[0]).toMatchObject({ status: "warning" });
});
