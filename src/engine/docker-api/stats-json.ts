/** `GET /containers/{id}/stats` as the contract's statistics. Pure. */
import type { BlockDeviceStats, BlockIoStats, ContainerStats, CpuStats, MemoryStats, NetworkStats } from "../engine.js";

interface CpuJson {
  readonly cpu_usage?: { readonly total_usage?: number; readonly usage_in_kernelmode?: number; readonly usage_in_usermode?: number };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
  readonly throttling_data?: { readonly periods?: number; readonly throttled_periods?: number; readonly throttled_time?: number };
}

interface BlockEntryJson {
  readonly major: number;
  readonly minor: number;
  readonly op: string;
  readonly value: number;
}

interface NetworkJson {
  readonly rx_bytes: number;
  readonly rx_packets: number;
  readonly rx_errors: number;
  readonly rx_dropped: number;
  readonly tx_bytes: number;
  readonly tx_packets: number;
  readonly tx_errors: number;
  readonly tx_dropped: number;
}

export interface StatsJson {
  readonly read: string;
  readonly cpu_stats?: CpuJson;
  readonly memory_stats?: { readonly usage?: number; readonly limit?: number; readonly stats?: Readonly<Record<string, number>> };
  readonly pids_stats?: { readonly current?: number; readonly limit?: number };
  readonly blkio_stats?: {
    readonly io_service_bytes_recursive?: readonly BlockEntryJson[] | null;
    readonly io_serviced_recursive?: readonly BlockEntryJson[] | null;
  };
  readonly networks?: Readonly<Record<string, NetworkJson>>;
}

/** A limit from here on is none: the kernel writes the largest number for it. */
const UNLIMITED = 2 ** 53;
const NANOSECONDS = 1e6;

/** @param previous the sample before */
export function statsOf(json: StatsJson, previous: ContainerStats | undefined): ContainerStats {
  const cpu = cpuOf(json.cpu_stats ?? {});
  const limit = json.pids_stats?.limit;
  return {
    time: new Date(json.read),
    accounting: "cgroup",
    memory: memoryOf(json.memory_stats ?? {}),
    cpu,
    previousCpu: previous?.cpu,
    cpuPercent: previous && percentOf(cpu, previous.cpu),
    blockIo: blockIoOf(json.blkio_stats ?? {}),
    pids: { current: json.pids_stats?.current ?? 0, limit: limit === undefined || limit === 0 || limit >= UNLIMITED ? undefined : limit },
    networks: Object.fromEntries(Object.entries(json.networks ?? {}).map(([name, network]) => [name, networkOf(network)])),
  };
}

/** The daemon's empty sample: the container doesn't run. */
export function isEmpty(json: StatsJson): boolean {
  return json.read.startsWith("0001-01-01") || (json.cpu_stats?.cpu_usage?.total_usage ?? 0) === 0;
}

function memoryOf({ usage = 0, limit = 0, stats = {} }: NonNullable<StatsJson["memory_stats"]>): MemoryStats {
  // As docker stats: cgroup v1 has the total, v2 the figure alone.
  const cacheBytes = Math.min(stats["total_inactive_file"] ?? stats["inactive_file"] ?? 0, usage);
  return { usageBytes: usage - cacheBytes, cacheBytes, limitBytes: limit, details: stats };
}

function cpuOf({
  cpu_usage: usage = {},
  system_cpu_usage: system = 0,
  online_cpus: onlineCpus = 1,
  throttling_data: data = {},
}: CpuJson): CpuStats {
  return {
    totalMs: (usage.total_usage ?? 0) / NANOSECONDS,
    userMs: (usage.usage_in_usermode ?? 0) / NANOSECONDS,
    kernelMs: (usage.usage_in_kernelmode ?? 0) / NANOSECONDS,
    hostMs: system / NANOSECONDS,
    onlineCpus,
    throttling: {
      periods: data.periods ?? 0,
      throttledPeriods: data.throttled_periods ?? 0,
      throttledMs: (data.throttled_time ?? 0) / NANOSECONDS,
    },
  };
}

/** The host's time is that of all its processors together. */
function percentOf(now: CpuStats, before: CpuStats): number {
  const host = now.hostMs - before.hostMs;
  return host > 0 ? Math.max(0, ((now.totalMs - before.totalMs) / host) * now.onlineCpus * 100) : 0;
}

function blockIoOf({
  io_service_bytes_recursive: bytes,
  io_serviced_recursive: operations,
}: NonNullable<StatsJson["blkio_stats"]>): BlockIoStats {
  const devices = new Map<string, { -readonly [K in keyof BlockDeviceStats]: BlockDeviceStats[K] }>();
  const device = ({ major, minor }: BlockEntryJson) => {
    const key = `${major}:${minor}`;
    const made = devices.get(key) ?? { major, minor, readBytes: 0, writeBytes: 0, readOperations: 0, writeOperations: 0 };
    devices.set(key, made);
    return made;
  };
  for (const entry of bytes ?? []) {
    if (/^read$/i.test(entry.op)) device(entry).readBytes += entry.value;
    if (/^write$/i.test(entry.op)) device(entry).writeBytes += entry.value;
  }
  for (const entry of operations ?? []) {
    if (/^read$/i.test(entry.op)) device(entry).readOperations += entry.value;
    if (/^write$/i.test(entry.op)) device(entry).writeOperations += entry.value;
  }
  const all = [...devices.values()];
  const sum = (name: "readBytes" | "writeBytes"): number => all.reduce((total, each) => total + each[name], 0);
  return { readBytes: sum("readBytes"), writeBytes: sum("writeBytes"), devices: all };
}

function networkOf(json: NetworkJson): NetworkStats {
  return {
    rxBytes: json.rx_bytes,
    rxPackets: json.rx_packets,
    rxErrors: json.rx_errors,
    rxDropped: json.rx_dropped,
    txBytes: json.tx_bytes,
    txPackets: json.tx_packets,
    txErrors: json.tx_errors,
    txDropped: json.tx_dropped,
  };
}
