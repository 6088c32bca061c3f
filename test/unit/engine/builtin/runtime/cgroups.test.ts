/** Plans of cgroups on hosts of every kind, as data. */
import { describe, expect, it } from "vitest";
import { planContainerCgroups, planSessionCgroups } from "../../../../../src/engine/builtin/runtime/cgroups.js";
import { DEFAULT_DEVICE_RULES } from "../../../../../src/engine/builtin/runtime/device-rules.js";
import type { HostFacts } from "../../../../../src/engine/builtin/runtime/host-facts.js";
import type { ResourceLimits } from "../../../../../src/engine/engine.js";
import { UNIFIED_HOST, V1_HOST } from "../../../../fixtures/host-facts.js";

const HYBRID_HOST: HostFacts = {
  ...V1_HOST,
  cgroups: { ...V1_HOST.cgroups, version: "hybrid", unified: "/cg/unified", unifiedControllers: ["hugetlb"] },
};

const LIMITS: ResourceLimits = {
  memoryBytes: 64 << 20,
  memoryReservationBytes: 32 << 20,
  memorySwapBytes: 96 << 20,
  cpuShares: 1024,
  cpuQuotaUs: 20_000,
  cpuPeriodUs: 50_000,
  cpusetCpus: "0-1",
  pids: 50,
  blkioWeight: 500,
};

const RATES: ResourceLimits = {
  blkioDeviceReadBps: [
    { path: "/dev/sda", rate: 1 << 20 },
    { path: "/dev/sdb", rate: 2 << 20 },
  ],
  blkioDeviceWriteBps: [{ path: "/dev/sda", rate: 4096 }],
  blkioDeviceReadIops: [{ path: "/dev/sdb", rate: 10 }],
  blkioDeviceWriteIops: [{ path: "/dev/sda", rate: 20 }],
};

function plan(host: HostFacts, limits: ResourceLimits) {
  const session = planSessionCgroups(host.cgroups, "s");
  return planContainerCgroups({
    session,
    host,
    name: "c",
    limits,
    devices: DEFAULT_DEVICE_RULES,
    disks: new Map([
      ["/dev/sda", "8:0"],
      ["/dev/sdb", "8:16"],
    ]),
  });
}

/** `file=data` of what is written, below the mount. */
function writesOf(host: HostFacts, limits: ResourceLimits, below: string): string[] {
  return plan(host, limits).prepare.flatMap(({ op, path, data, optional }) =>
    op === "HOST_WRITE" ? [`${path?.replace(below, "")}=${data}${optional ? " if there" : ""}`] : [],
  );
}

const madeOn = (host: HostFacts, limits: ResourceLimits): string[] =>
  plan(host, limits).prepare.flatMap(({ op, path }) => ((op === "HOST_MKDIR" || op === "CGROUP") && path ? [path] : []));

describe("on cgroup v2", () => {
  it("limits are files of the one cgroup", () => {
    expect(writesOf(UNIFIED_HOST, LIMITS, "/sys/fs/cgroup/caisson-s/c/")).toEqual([
      "memory.max=67108864",
      "memory.low=33554432",
      "memory.swap.max=33554432",
      "cpu.max=20000 50000",
      "cpu.weight=39",
      "cpuset.cpus=0-1",
      "pids.max=50",
      "io.bfq.weight=500",
    ]);
    expect(plan(UNIFIED_HOST, LIMITS)).toMatchObject({ join: [], directories: ["/sys/fs/cgroup/caisson-s/c"] });
  });

  it("defaults are Docker's, and -1 lifts a limit", () => {
    const below = "/sys/fs/cgroup/caisson-s/c/";
    expect(writesOf(UNIFIED_HOST, { memoryBytes: 64 << 20, cpus: 1.5 }, below)).toEqual([
      "memory.max=67108864",
      "memory.swap.max=67108864 if there",
      "cpu.max=150000 100000",
    ]);
    expect(writesOf(UNIFIED_HOST, { memoryBytes: 64 << 20, memorySwapBytes: -1, cpuQuotaUs: -1 }, below)).toEqual([
      "memory.max=67108864",
      "memory.swap.max=max if there",
      "cpu.max=max 100000",
    ]);
    const iocost = { ...UNIFIED_HOST, cgroups: { ...UNIFIED_HOST.cgroups, blkioWeightFile: "io.weight" } };
    expect(writesOf(iocost, { blkioWeight: 10 }, below)).toEqual(["io.weight=1"]);
    expect(writesOf(iocost, { blkioWeight: 1000 }, below)).toEqual(["io.weight=10000"]);
  });

  it("rates of disks are lines of io.max, a kind each", () => {
    expect(writesOf(UNIFIED_HOST, RATES, "/sys/fs/cgroup/caisson-s/c/")).toEqual([
      "io.max=8:0 rbps=1048576",
      "io.max=8:16 rbps=2097152",
      "io.max=8:0 wbps=4096",
      "io.max=8:16 riops=10",
      "io.max=8:0 wiops=20",
    ]);
  });

  it("the session passes on the controllers that containers need", () => {
    const { prepare } = planSessionCgroups(UNIFIED_HOST.cgroups, "s");
    expect(prepare.filter(({ path }) => path?.endsWith("caisson-s/cgroup.subtree_control")).map(({ data }) => data)).toEqual([
      "+cpuset",
      "+cpu",
      "+io",
      "+memory",
      "+pids",
    ]);
  });

  it("a container is frozen by its cgroup, which announces it; before Linux 5.2 not at all", () => {
    expect(plan(UNIFIED_HOST, {}).freezer).toEqual({
      file: "/sys/fs/cgroup/caisson-s/c/cgroup.freeze",
      watched: "/sys/fs/cgroup/caisson-s/c/cgroup.events",
      freeze: { data: "1", line: "frozen 1" },
      thaw: { data: "0", line: "frozen 0" },
      announces: true,
    });
    expect(plan({ ...UNIFIED_HOST, kernel: [5, 1] }, {}).freezer).toBeUndefined();
  });
});

describe("on cgroup v1", () => {
  it("limits are files of one cgroup a controller, which processes join", () => {
    const writes = writesOf(V1_HOST, LIMITS, "/cg/").filter((write) => !write.startsWith("devices/"));
    expect(writes).toEqual([
      "cpuset/caisson-s/cpuset.cpus=0-3",
      "cpuset/caisson-s/cpuset.mems=0",
      "memory/caisson-s/c/memory.limit_in_bytes=67108864",
      "memory/caisson-s/c/memory.soft_limit_in_bytes=33554432",
      "memory/caisson-s/c/memory.memsw.limit_in_bytes=100663296",
      "cpu,cpuacct/caisson-s/c/cpu.cfs_period_us=50000",
      "cpu,cpuacct/caisson-s/c/cpu.cfs_quota_us=20000",
      "cpu,cpuacct/caisson-s/c/cpu.shares=1024",
      "cpuset/caisson-s/c/cpuset.cpus=0-1",
      "cpuset/caisson-s/c/cpuset.mems=0",
      "pids/caisson-s/c/pids.max=50",
      "blkio/caisson-s/c/blkio.weight=500",
    ]);
    expect(
      plan(V1_HOST, LIMITS)
        .join.map(({ path }) => path?.split("/")[2])
        .sort(),
    ).toEqual(["blkio", "cpu,cpuacct", "cpuset", "devices", "freezer", "memory", "pids"].sort());
  });

  it("rates of disks have a file each", () => {
    expect(writesOf(V1_HOST, RATES, "/cg/").filter((write) => write.startsWith("blkio"))).toEqual([
      "blkio/caisson-s/c/blkio.throttle.read_bps_device=8:0 1048576",
      "blkio/caisson-s/c/blkio.throttle.read_bps_device=8:16 2097152",
      "blkio/caisson-s/c/blkio.throttle.write_bps_device=8:0 4096",
      "blkio/caisson-s/c/blkio.throttle.read_iops_device=8:16 10",
      "blkio/caisson-s/c/blkio.throttle.write_iops_device=8:0 20",
    ]);
  });

  it("devices are allowed one by one after all were denied, and containers frozen by a controller that announces nothing", () => {
    const writes = writesOf(V1_HOST, {}, "/cg/");
    expect(writes[0]).toBe("devices/caisson-s/c/devices.deny=a");
    expect(writes).toContain("devices/caisson-s/c/devices.allow=c *:* m");
    expect(writes).toContain("devices/caisson-s/c/devices.allow=c 1:3 rwm");
    expect(writes).toContain("devices/caisson-s/c/devices.allow=c 136:* rwm");
    expect(plan(V1_HOST, {}).freezer).toMatchObject({ file: "/cg/freezer/caisson-s/c/freezer.state", announces: false });
    const session = planSessionCgroups(V1_HOST.cgroups, "s");
    const privileged = planContainerCgroups({ session, host: V1_HOST, name: "c", limits: {}, devices: undefined, disks: new Map() });
    expect(privileged.prepare.filter(({ op }) => op === "HOST_WRITE")).toEqual([]);
  });

  it("everything that may be there is removed, made or not", () => {
    expect(plan(V1_HOST, {}).directories).toHaveLength(7);
    expect(planSessionCgroups(V1_HOST.cgroups, "s")).toMatchObject({
      prepare: [],
      directories: expect.arrayContaining(["/cg/memory/caisson-s"]),
    });
  });
});

describe("on a hybrid host", () => {
  it("no v1 cgroup is made without a limit", () => {
    expect(madeOn(HYBRID_HOST, {})).toEqual(["/cg/unified/caisson-s/c"]);
    expect(plan(HYBRID_HOST, {})).toMatchObject({ join: [], freezer: { file: "/cg/unified/caisson-s/c/cgroup.freeze" } });
  });

  it("a limit makes the cgroup of its controller alone", () => {
    expect(madeOn(HYBRID_HOST, { pids: 10 })).toEqual(["/cg/unified/caisson-s/c", "/cg/pids/caisson-s", "/cg/pids/caisson-s/c"]);
    expect(plan(HYBRID_HOST, { pids: 10 }).join).toEqual([{ op: "HOST_WRITE", path: "/cg/pids/caisson-s/c/cgroup.procs", data: "0" }]);
  });
});

describe("what a host can't do", () => {
  const bare: HostFacts = {
    ...UNIFIED_HOST,
    limits: { memory: false, swap: false, cpu: false, cpuset: false, pids: false, blkioWeight: false, blkioRates: false },
  };

  it.each(Object.entries({ ...LIMITS, cpus: 1, cpusetMems: "0" }))("%s is refused by name", (name, value) => {
    const limits = { [name]: value };
    expect(() => plan(bare, limits)).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED", facts: { engine: "builtin", feature: `resources.${name}` } }),
    );
    expect(() => plan(UNIFIED_HOST, limits)).not.toThrow();
  });

  it("swap that isn't counted needs no limit to be unlimited", () => {
    expect(() =>
      plan({ ...UNIFIED_HOST, limits: { ...UNIFIED_HOST.limits, swap: false } }, { memoryBytes: 64 << 20, memorySwapBytes: -1 }),
    ).not.toThrow();
  });

  it("processors that it doesn't have are named", () => {
    expect(() => plan(UNIFIED_HOST, { cpusetCpus: "2-4" })).toThrow(/Allowed: 0-3/);
  });
});
