/** Statistics from the files of hosts that the test machine is not: cgroup v2 with its controllers, and v1 alone. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, totalmem } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cpuPercent } from "../../../../../../src/engine/builtin/containers/stats/container-stats.js";
import {
  parseHostTicks,
  parseNetDev,
  parseNumber,
  unreclaimableMemory,
} from "../../../../../../src/engine/builtin/containers/stats/parse-stats.js";
import { readSample } from "../../../../../../src/engine/builtin/containers/stats/read-stats.js";
import type { ContainerCgroups } from "../../../../../../src/engine/builtin/runtime/cgroups.js";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "caisson-stats-"));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function cgroup(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const directory = path.join(root, name);
  await mkdir(directory, { recursive: true });
  for (const [file, content] of Object.entries(files)) await writeFile(path.join(directory, file), content);
  return directory;
}

function sampleOf(cgroups: Partial<ContainerCgroups>) {
  const all = { unified: undefined, v1: {}, directories: [], prepare: [], join: [], oomFile: undefined, freezer: undefined, ...cgroups };
  return readSample({ pid: process.pid, cgroups: all, ownNetwork: false });
}

it("cgroup v2", async () => {
  const unified = await cgroup("c", {
    "memory.current": "30000000\n",
    "memory.max": "67108864\n",
    "memory.stat": "anon 10000000\nfile 18000000\ninactive_file 12000000\nactive_file 6000000\n",
    "io.stat": "8:0 rbytes=1000 wbytes=2000 rios=3 wios=4 dbytes=0 dios=0\n253:1 rbytes=10 wbytes=20 rios=1 wios=1 dbytes=0 dios=0\n",
    "pids.current": "7\n",
    "pids.max": "max\n",
    "cpu.stat": "usage_usec 5000000\nuser_usec 4000000\nsystem_usec 1000000\nnr_periods 10\nnr_throttled 3\nthrottled_usec 12500\n",
  });
  const sample = await sampleOf({ unified });
  expect(sample).toMatchObject({
    accounting: "cgroup",
    memory: { usageBytes: 18_000_000, cacheBytes: 12_000_000, limitBytes: 67_108_864, details: { anon: 10_000_000 } },
    blockIo: {
      readBytes: 1010,
      writeBytes: 2020,
      devices: [
        { major: 8, minor: 0, readOperations: 3, writeOperations: 4 },
        { major: 253, minor: 1 },
      ],
    },
    pids: { current: 7, limit: undefined },
    cpu: { totalMs: 5000, userMs: 4000, kernelMs: 1000, throttling: { periods: 10, throttledPeriods: 3, throttledMs: 12.5 } },
  });
  expect(sample.cpu.hostMs).toBeGreaterThan(0);
  expect(sample.cpu.onlineCpus).toBeGreaterThan(0);
});

it("cgroup v1", async () => {
  const v1 = {
    memory: await cgroup("memory", {
      "memory.usage_in_bytes": "20000000\n",
      "memory.limit_in_bytes": "9223372036854771712\n",
      "memory.stat": "cache 9000000\ninactive_file 1\ntotal_inactive_file 8000000\n",
    }),
    cpu: await cgroup("cpu", { "cpu.stat": "nr_periods 5\nnr_throttled 2\nthrottled_time 3000000\n" }),
    cpuacct: await cgroup("cpuacct", { "cpuacct.usage": "2500000000\n", "cpuacct.stat": "user 200\nsystem 50\n" }),
    pids: await cgroup("pids", { "pids.current": "3\n", "pids.max": "100\n" }),
    blkio: await cgroup("blkio", {
      "blkio.throttle.io_service_bytes": "8:0 Read 100\n8:0 Write 200\n8:0 Sync 300\n8:0 Total 300\nTotal 300\n",
      "blkio.throttle.io_serviced": "8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n",
    }),
  };
  expect(await sampleOf({ v1, directories: Object.values(v1) })).toMatchObject({
    accounting: "cgroup",
    memory: { usageBytes: 12_000_000, cacheBytes: 8_000_000, limitBytes: totalmem() },
    blockIo: {
      readBytes: 100,
      writeBytes: 200,
      devices: [{ major: 8, minor: 0, readBytes: 100, writeBytes: 200, readOperations: 1, writeOperations: 2 }],
    },
    pids: { current: 3, limit: 100 },
    cpu: { totalMs: 2500, userMs: 2000, kernelMs: 500, throttling: { periods: 5, throttledPeriods: 2, throttledMs: 3 } },
  });
});

it("without controllers, the processes themselves", async () => {
  const unified = await cgroup("u", {
    "cgroup.procs": `${process.pid}\n0\n`,
    "cpu.stat": "usage_usec 1000\nuser_usec 600\nsystem_usec 400\n",
  });
  await cgroup("u/nested", { "cgroup.procs": "" });
  const sample = await sampleOf({ unified });
  expect(sample).toMatchObject({
    accounting: "processes",
    memory: { cacheBytes: 0, limitBytes: totalmem(), details: {} },
    cpu: { totalMs: 1 },
  });
  expect(sample.memory.usageBytes).toBeGreaterThan(10 << 20);
  expect(sample.pids.current).toBeGreaterThan(3);
  const v1Only = await sampleOf({ v1: {}, directories: [unified] });
  expect(v1Only.cpu.totalMs).toBeGreaterThan(10);
});

describe("files of /proc", () => {
  it("net/dev, without the loopback", () => {
    const text = [
      "Inter-|   Receive                                                |  Transmit",
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed",
      "    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0",
      "  eth0:12345      67    8    9    0     0          0         0     543      21    1    2    0     0       0          0",
    ].join("\n");
    expect(parseNetDev(text)).toEqual({
      eth0: { rxBytes: 12_345, rxPackets: 67, rxErrors: 8, rxDropped: 9, txBytes: 543, txPackets: 21, txErrors: 1, txDropped: 2 },
    });
  });

  it("stat", () => {
    expect(parseHostTicks("cpu  1 2 3 4 5 6 7 8 100 200\ncpu0 1 1 1 1\ncpu1 0 1 2 3\nintr 5\n")).toEqual({ ticks: 36, onlineCpus: 2 });
  });

  it("numbers that mean none", () => {
    expect([parseNumber("5\n"), parseNumber("max\n"), parseNumber(""), parseNumber("9223372036854771712")]).toEqual([
      5,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

it("a share of the processors is docker's", () => {
  const cpu = (totalMs: number, hostMs: number) => ({
    ...{ totalMs, hostMs, userMs: 0, kernelMs: 0, onlineCpus: 4 },
    throttling: { periods: 0, throttledPeriods: 0, throttledMs: 0 },
  });
  expect(cpuPercent(cpu(0, 0), cpu(500, 4000))).toBe(50);
  expect(cpuPercent(cpu(0, 100), cpu(500, 100))).toBe(0);
  expect(cpuPercent(cpu(500, 0), cpu(100, 100))).toBe(0);
});

it("memory that can't be taken back: not the cache of files, but what is shared", () => {
  const stat = "anon 10000000\nfile 18000000\nshmem 5000000\nslab_reclaimable 1000000\n";
  expect(unreclaimableMemory("30000000\n", stat)).toBe(16_000_000);
  expect(unreclaimableMemory("", "")).toBe(0);
});
