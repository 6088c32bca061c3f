/** One sample of what a container uses, read from its cgroups: v2's, v1's where controllers are there, else from its processes. */
import { readFile } from "node:fs/promises";
import { totalmem } from "node:os";
import path from "node:path";
import type { BlockIoStats, ContainerStats, CpuStats, MemoryStats } from "../../../engine.js";
import type { ContainerCgroups } from "../../runtime/cgroups.js";
import { containerProcesses, type ProcessRoots } from "../container-processes.js";
import { inAll, parseBlkio, parseFlat, parseHostTicks, parseIoStat, parseKilobytes, parseNetDev, parseNumber } from "./parse-stats.js";

export type Sample = Omit<ContainerStats, "previousCpu" | "cpuPercent">;

export interface SampledContainer extends ProcessRoots {
  readonly cgroups: ContainerCgroups;
  readonly ownNetwork: boolean;
}

/** USER_HZ, in which /proc counts on every architecture that Node runs on. */
const TICK_MS = 10;

export async function readSample(container: SampledContainer): Promise<Sample> {
  const { pid, cgroups, ownNetwork } = container;
  const { unified, v1 } = cgroups;
  const time = new Date();
  const [host, network, onUnified, onV1] = await Promise.all([
    read("/proc/stat"),
    ownNetwork ? read(`/proc/${pid}/net/dev`) : "",
    unified ? has(unified, "memory.current") : false,
    v1.memory ? has(v1.memory, "memory.usage_in_bytes") : false,
  ]);
  const accounting = onUnified || onV1 ? "cgroup" : "processes";
  const [memory, blockIo, pids] =
    onUnified && unified ? await unifiedUsage(unified) : onV1 ? await v1Usage(container) : await usageOfProcesses(container);
  const { ticks, onlineCpus } = parseHostTicks(host);
  const cpu = { ...(await cpuTime(container)), hostMs: ticks * TICK_MS, onlineCpus };
  return { time, accounting, memory, blockIo, pids, cpu, networks: parseNetDev(network) };
}

type Usage = readonly [MemoryStats, BlockIoStats, ContainerStats["pids"]];

async function unifiedUsage(directory: string): Promise<Usage> {
  const [current, max, stat, io, pids, pidsMax] = await readAll(directory, [
    "memory.current",
    "memory.max",
    "memory.stat",
    "io.stat",
    "pids.current",
    "pids.max",
  ]);
  const details = parseFlat(stat);
  return [
    memoryStats(parseNumber(current) ?? 0, details["inactive_file"] ?? 0, parseNumber(max), details),
    parseIoStat(io),
    { current: parseNumber(pids) ?? 0, limit: parseNumber(pidsMax) },
  ];
}

async function v1Usage(container: SampledContainer): Promise<Usage> {
  const { cgroups } = container;
  const { memory = "", blkio, pids } = cgroups.v1;
  const [usage, limit, stat] = await readAll(memory, ["memory.usage_in_bytes", "memory.limit_in_bytes", "memory.stat"]);
  const details = parseFlat(stat);
  // Not every controller has a cgroup of the container's: what they would count is counted by hand.
  const [, blockIo, counted] = await usageOfProcesses(container);
  const [bytes = "", operations = ""] = blkio
    ? await readAll(blkio, ["blkio.throttle.io_service_bytes", "blkio.throttle.io_serviced"])
    : [];
  const [current = "", most = ""] = pids ? await readAll(pids, ["pids.current", "pids.max"]) : [];
  return [
    memoryStats(parseNumber(usage) ?? 0, details["total_inactive_file"] ?? 0, parseNumber(limit), details),
    bytes === "" ? blockIo : parseBlkio(bytes, operations),
    current === "" ? counted : { current: parseNumber(current) ?? 0, limit: parseNumber(most) },
  ];
}

async function usageOfProcesses(container: SampledContainer): Promise<Usage> {
  const { v1 } = container.cgroups;
  const processes = await containerProcesses(container);
  const each = await Promise.all(
    processes.map(async (pid) => {
      const [rollup, io, status] = await readAll(`/proc/${pid}`, ["smaps_rollup", "io", "status"]);
      const counters = parseFlat(io.replaceAll(":", ""));
      return {
        memory: parseKilobytes(rollup, "Pss"),
        readBytes: counters["read_bytes"] ?? 0,
        writeBytes: counters["write_bytes"] ?? 0,
        threads: Number(/^Threads:\s*(\d+)/m.exec(status)?.[1] ?? 0),
      };
    }),
  );
  const sum = (name: keyof (typeof each)[number]): number => each.reduce((total, process) => total + process[name], 0);
  const limit = v1.pids ? parseNumber(await read(path.join(v1.pids, "pids.max"))) : undefined;
  return [
    memoryStats(sum("memory"), 0, undefined, {}),
    { ...inAll([]), readBytes: sum("readBytes"), writeBytes: sum("writeBytes") },
    { current: sum("threads"), limit },
  ];
}

function memoryStats(total: number, cache: number, limit: number | undefined, details: MemoryStats["details"]): MemoryStats {
  const hostBytes = totalmem();
  return {
    usageBytes: Math.max(0, total - cache),
    cacheBytes: cache,
    limitBytes: limit === undefined ? hostBytes : Math.min(limit, hostBytes),
    details,
  };
}

/** v2 counts CPU time in every cgroup, whatever controllers there are; v1 in those of its own controllers. */
async function cpuTime(container: SampledContainer): Promise<Omit<CpuStats, "hostMs" | "onlineCpus">> {
  const { unified, v1 } = container.cgroups;
  const [stat, cpuStat, usage, split] = await Promise.all([
    unified ? read(path.join(unified, "cpu.stat")) : "",
    v1.cpu ? read(path.join(v1.cpu, "cpu.stat")) : "",
    !unified && v1.cpuacct ? read(path.join(v1.cpuacct, "cpuacct.usage")) : "",
    !unified && v1.cpuacct ? read(path.join(v1.cpuacct, "cpuacct.stat")) : "",
  ]);
  if (!unified && usage === "") return cpuTimeOfProcesses(container);
  const unifiedTimes = parseFlat(stat);
  const throttling = parseFlat(cpuStat === "" ? stat : cpuStat);
  const ticks = parseFlat(split);
  const fromMicroseconds = (name: string): number => (unifiedTimes[name] ?? 0) / 1000;
  return {
    totalMs: unified ? fromMicroseconds("usage_usec") : Number(usage || 0) / 1e6,
    userMs: unified ? fromMicroseconds("user_usec") : (ticks["user"] ?? 0) * TICK_MS,
    kernelMs: unified ? fromMicroseconds("system_usec") : (ticks["system"] ?? 0) * TICK_MS,
    throttling: {
      periods: throttling["nr_periods"] ?? 0,
      throttledPeriods: throttling["nr_throttled"] ?? 0,
      throttledMs:
        throttling["throttled_usec"] !== undefined ? throttling["throttled_usec"] / 1000 : (throttling["throttled_time"] ?? 0) / 1e6,
    },
  };
}

/** Of those that run, and of their children that have ended. */
async function cpuTimeOfProcesses(container: SampledContainer): Promise<Omit<CpuStats, "hostMs" | "onlineCpus">> {
  const stats = await Promise.all((await containerProcesses(container)).map((pid) => read(`/proc/${pid}/stat`)));
  const times = stats.map((stat) => stat.slice(stat.lastIndexOf(")") + 2).split(" "));
  const sum = (...fields: readonly number[]): number =>
    times.reduce((total, each) => fields.reduce((all, field) => all + Number(each[field] ?? 0), total), 0) * TICK_MS;
  const [userMs, kernelMs] = [sum(11, 13), sum(12, 14)];
  return { totalMs: userMs + kernelMs, userMs, kernelMs, throttling: { periods: 0, throttledPeriods: 0, throttledMs: 0 } };
}

async function has(directory: string, name: string): Promise<boolean> {
  return (await read(path.join(directory, name))) !== "";
}

function readAll<const N extends readonly string[]>(directory: string, names: N): Promise<{ -readonly [K in keyof N]: string }> {
  return Promise.all(names.map((name) => read(path.join(directory, name)))) as Promise<{ -readonly [K in keyof N]: string }>;
}

/** Empty where there is none, or none any more. */
function read(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}
