/** Limits as what is written to the files of a container's cgroups, v1 and v2 (Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst). */
import path from "node:path";
import type { ResourceLimits } from "../../engine.js";
import { optionError } from "../../errors.js";
import { includesCpus } from "../../spec/cpu-list.js";
import { DEVICE_RATES, type DeviceRateKind } from "../../spec/device-rates.js";
import { requireEnforced } from "../../spec/enforced-limits.js";
import type { CgroupFacts, HostFacts, V1Controller } from "./host-facts.js";

/** `optional`: there only on some hosts, and nobody asked for it. */
export interface CgroupWrite {
  readonly file: string;
  readonly data: string;
  readonly optional?: true | undefined;
}

const CPU_PERIOD_US = 100_000;

/** Of v1. */
const RATE_FILES: Readonly<Record<DeviceRateKind, string>> = {
  blkioDeviceReadBps: "blkio.throttle.read_bps_device",
  blkioDeviceWriteBps: "blkio.throttle.write_bps_device",
  blkioDeviceReadIops: "blkio.throttle.read_iops_device",
  blkioDeviceWriteIops: "blkio.throttle.write_iops_device",
};

/** Of v2's io.max. */
const RATE_KEYS: Readonly<Record<DeviceRateKind, string>> = {
  blkioDeviceReadBps: "rbps",
  blkioDeviceWriteBps: "wbps",
  blkioDeviceReadIops: "riops",
  blkioDeviceWriteIops: "wiops",
};

/** @throws UNSUPPORTED for a limit that this host can't enforce, OPTION_INVALID for processors that it does not have */
export function checkLimits(limits: ResourceLimits, host: HostFacts): void {
  requireEnforced("builtin", limits, host.limits, "`caisson doctor` shows the controllers.");
  const { cpuset } = host.cgroups;
  if (!cpuset) return;
  for (const [name, available] of [
    ["cpusetCpus", cpuset.cpus],
    ["cpusetMems", cpuset.mems],
  ] as const) {
    const wanted = limits[name];
    if (wanted !== undefined && !includesCpus(available, wanted))
      throw optionError(`resources.${name}`, wanted, "a list such as 0-2,4 of what this host has", [available]);
  }
}

/** By controller, in an order in which the kernel takes them in a new cgroup. @param directories of the container */
export function v1Limits(
  limits: ResourceLimits,
  directories: Readonly<Partial<Record<V1Controller, string>>>,
  facts: CgroupFacts,
  disks: ReadonlyMap<string, string>,
): CgroupWrite[] {
  const { memoryBytes, memoryReservationBytes, cpuShares, cpusetCpus, cpusetMems, pids, blkioWeight } = limits;
  const { memory, cpu, cpuset, pids: processes, blkio } = directories;
  const writes: CgroupWrite[] = [];
  const add = (directory: string | undefined, name: string, value: string | number | undefined, optional?: true): void => {
    if (directory && value !== undefined)
      writes.push({ file: path.join(directory, name), data: String(value), ...(optional && { optional }) });
  };
  add(memory, "memory.limit_in_bytes", memoryBytes);
  add(memory, "memory.soft_limit_in_bytes", memoryReservationBytes);
  if (memoryBytes !== undefined) {
    const { memorySwapBytes = memoryBytes * 2 } = limits;
    add(
      memory,
      "memory.memsw.limit_in_bytes",
      memorySwapBytes,
      limits.memorySwapBytes === undefined || memorySwapBytes === -1 || undefined,
    );
  }
  const { quotaUs, periodUs } = cpuTime(limits);
  add(cpu, "cpu.cfs_period_us", periodUs);
  add(cpu, "cpu.cfs_quota_us", quotaUs);
  add(cpu, "cpu.shares", cpuShares);
  if (cpusetCpus !== undefined || cpusetMems !== undefined) {
    // A new cpuset of v1 is empty, and takes no process until it has both.
    add(cpuset, "cpuset.cpus", cpusetCpus ?? facts.cpuset?.cpus);
    add(cpuset, "cpuset.mems", cpusetMems ?? facts.cpuset?.mems);
  }
  add(processes, "pids.max", pids === -1 ? "max" : pids, pids === -1 || undefined);
  add(blkio, facts.blkioWeightFile ?? "blkio.weight", blkioWeight);
  for (const kind of DEVICE_RATES)
    for (const { path: disk, rate } of limits[kind] ?? []) add(blkio, RATE_FILES[kind], `${disks.get(disk)} ${rate}`);
  return writes;
}

export function unifiedLimits(
  limits: ResourceLimits,
  directory: string,
  facts: CgroupFacts,
  disks: ReadonlyMap<string, string>,
): CgroupWrite[] {
  const { memoryBytes, memoryReservationBytes, memorySwapBytes, cpuShares, cpusetCpus, cpusetMems, pids, blkioWeight } = limits;
  const writes: CgroupWrite[] = [];
  const add = (name: string, value: string | number | undefined, optional?: true): void => {
    if (value !== undefined) writes.push({ file: path.join(directory, name), data: String(value), ...(optional && { optional }) });
  };
  add("memory.max", memoryBytes);
  add("memory.low", memoryReservationBytes);
  if (memoryBytes !== undefined) {
    const swap = memorySwapBytes === -1 ? "max" : (memorySwapBytes ?? memoryBytes * 2) - memoryBytes;
    add("memory.swap.max", swap, memorySwapBytes === undefined || memorySwapBytes === -1 || undefined);
  }
  const { quotaUs, periodUs } = cpuTime(limits);
  if (quotaUs !== undefined || periodUs !== undefined)
    add("cpu.max", `${quotaUs === undefined || quotaUs < 0 ? "max" : quotaUs} ${periodUs ?? CPU_PERIOD_US}`);
  // The conversion of the OCI runtimes: shares 2..262144 to weight 1..10000.
  if (cpuShares !== undefined) add("cpu.weight", 1 + Math.floor(((cpuShares - 2) * 9999) / 262_142));
  add("cpuset.cpus", cpusetCpus);
  add("cpuset.mems", cpusetMems);
  add("pids.max", pids === -1 ? "max" : pids, pids === -1 || undefined);
  const weightFile = facts.blkioWeightFile ?? "io.weight";
  // BFQ keeps v1's range; the other weight goes from 1 to 10000, and the OCI runtimes stretch it so.
  if (blkioWeight !== undefined)
    add(weightFile, weightFile === "io.weight" ? 1 + Math.floor(((blkioWeight - 10) * 9999) / 990) : blkioWeight);
  for (const kind of DEVICE_RATES)
    for (const { path: disk, rate } of limits[kind] ?? []) add("io.max", `${disks.get(disk)} ${RATE_KEYS[kind]}=${rate}`);
  return writes;
}

function cpuTime({ cpus, cpuQuotaUs, cpuPeriodUs }: ResourceLimits): { quotaUs: number | undefined; periodUs: number | undefined } {
  if (cpus !== undefined) return { quotaUs: Math.round(cpus * CPU_PERIOD_US), periodUs: CPU_PERIOD_US };
  return { quotaUs: cpuQuotaUs, periodUs: cpuPeriodUs };
}
