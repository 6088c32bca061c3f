/** Refuses limits that nobody would enforce: a daemon drops them with a warning, and what ran would not be what was asked for. Pure. */
import type { EnforcedLimits, ResourceLimits } from "../engine.js";
import { UnsupportedError } from "../errors.js";

const NEEDS: { readonly [K in keyof Required<ResourceLimits>]: keyof EnforcedLimits } = {
  memoryBytes: "memory",
  memoryReservationBytes: "memory",
  memorySwapBytes: "swap",
  cpus: "cpu",
  cpuShares: "cpu",
  cpuQuotaUs: "cpu",
  cpuPeriodUs: "cpu",
  cpusetCpus: "cpuset",
  cpusetMems: "cpuset",
  pids: "pids",
  blkioWeight: "blkioWeight",
  blkioDeviceReadBps: "blkioRates",
  blkioDeviceWriteBps: "blkioRates",
  blkioDeviceReadIops: "blkioRates",
  blkioDeviceWriteIops: "blkioRates",
};

/** @param remedy where to see what is enforced @throws UNSUPPORTED */
export function requireEnforced(engine: string, wanted: ResourceLimits, enforced: EnforcedLimits, remedy?: string): void {
  for (const [name, limit] of Object.entries(NEEDS) as [keyof ResourceLimits, keyof EnforcedLimits][]) {
    if (wanted[name] === undefined || enforced[limit]) continue;
    // What is not counted is not limited either.
    if ((name === "memorySwapBytes" || name === "pids") && wanted[name] === -1) continue;
    throw new UnsupportedError(engine, `resources.${name}`, "its host has no cgroup controller that enforces it", remedy);
  }
}
