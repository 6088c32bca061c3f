/** What a container uses, as `GET /containers/{id}/stats` shows it. Pure. */
import type { BlockIoStats, ContainerStats, CpuStats } from "../engine.js";
import { timeText } from "./times.js";

const NANOSECONDS = 1e6;

/** @param previous time of the sample before */
export function statsJson(
  stats: ContainerStats,
  { id, name, previous }: { readonly id: string; readonly name: string; readonly previous: Date | undefined },
): Readonly<Record<string, unknown>> {
  const { memory, pids } = stats;
  return {
    read: timeText(stats.time),
    preread: timeText(previous),
    pids_stats: { current: pids.current, ...(pids.limit === undefined ? {} : { limit: pids.limit }) },
    blkio_stats: blockIoJson(stats.blockIo),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpuJson(stats.cpu),
    precpu_stats: stats.previousCpu ? cpuJson(stats.previousCpu) : EMPTY_CPU,
    // Clients take the part that can be dropped off again, under the name of whichever cgroup version they find.
    memory_stats: {
      usage: memory.usageBytes + memory.cacheBytes,
      stats: { ...memory.details, inactive_file: memory.cacheBytes, total_inactive_file: memory.cacheBytes },
      limit: memory.limitBytes,
    },
    name: `/${name}`,
    id,
    networks: Object.fromEntries(
      Object.entries(stats.networks).map(([interfaceName, network]) => [
        interfaceName,
        {
          rx_bytes: network.rxBytes,
          rx_packets: network.rxPackets,
          rx_errors: network.rxErrors,
          rx_dropped: network.rxDropped,
          tx_bytes: network.txBytes,
          tx_packets: network.txPackets,
          tx_errors: network.txErrors,
          tx_dropped: network.txDropped,
        },
      ]),
    ),
  };
}

/** Of a container that does not run. */
export function emptyStatsJson({ id, name }: { readonly id: string; readonly name: string }): Readonly<Record<string, unknown>> {
  const never = timeText(undefined);
  return {
    ...{ read: never, preread: never, pids_stats: {} },
    blkio_stats: blockIoJson({ readBytes: 0, writeBytes: 0, devices: [] }),
    ...{ num_procs: 0, storage_stats: {}, cpu_stats: EMPTY_CPU, precpu_stats: EMPTY_CPU, memory_stats: {} },
    ...{ name: `/${name}`, id },
  };
}

const EMPTY_CPU = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};

function cpuJson({ totalMs, userMs, kernelMs, hostMs, onlineCpus, throttling }: CpuStats): Readonly<Record<string, unknown>> {
  const ns = (ms: number): number => Math.round(ms * NANOSECONDS);
  return {
    cpu_usage: { total_usage: ns(totalMs), usage_in_kernelmode: ns(kernelMs), usage_in_usermode: ns(userMs) },
    system_cpu_usage: ns(hostMs),
    online_cpus: onlineCpus,
    throttling_data: {
      periods: throttling.periods,
      throttled_periods: throttling.throttledPeriods,
      throttled_time: ns(throttling.throttledMs),
    },
  };
}

function blockIoJson({ devices }: BlockIoStats): Readonly<Record<string, unknown>> {
  const entry = (op: string, value: number, { major, minor }: { major: number; minor: number }) => ({ major, minor, op, value });
  return {
    io_service_bytes_recursive: devices.flatMap((device) => [
      entry("read", device.readBytes, device),
      entry("write", device.writeBytes, device),
    ]),
    io_serviced_recursive: devices.flatMap((device) => [
      entry("read", device.readOperations, device),
      entry("write", device.writeOperations, device),
    ]),
    io_queue_recursive: null,
    io_service_time_recursive: null,
    io_wait_time_recursive: null,
    io_merged_recursive: null,
    io_time_recursive: null,
    sectors_recursive: null,
  };
}
