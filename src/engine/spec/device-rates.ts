/** Limits of a device's block I/O, which come in four kinds. */
import type { ResourceLimits } from "../engine.js";

export const DEVICE_RATES = ["blkioDeviceReadBps", "blkioDeviceWriteBps", "blkioDeviceReadIops", "blkioDeviceWriteIops"] as const;

export type DeviceRateKind = (typeof DEVICE_RATES)[number];

/** Every device whose I/O is limited, once. */
export function limitedDevices(limits: ResourceLimits): readonly string[] {
  return [...new Set(DEVICE_RATES.flatMap((kind) => (limits[kind] ?? []).map(({ path }) => path)))];
}
