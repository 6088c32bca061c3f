/** Limits of devices' block I/O in the API's words. Pure. */
import type { DeviceRate, ResourceLimits } from "../engine.js";
import type { DeviceRateKind } from "../spec/device-rates.js";

export interface DeviceRateJson {
  readonly Path: string;
  readonly Rate: number;
}

const NAMES = {
  BlkioDeviceReadBps: "blkioDeviceReadBps",
  BlkioDeviceWriteBps: "blkioDeviceWriteBps",
  BlkioDeviceReadIOps: "blkioDeviceReadIops",
  BlkioDeviceWriteIOps: "blkioDeviceWriteIops",
} as const satisfies Readonly<Record<string, DeviceRateKind>>;

type Name = keyof typeof NAMES;
const ENTRIES = Object.entries(NAMES) as readonly [Name, DeviceRateKind][];

/** @param unset what stands for those that are not limited */
export function deviceRatesBody(limits: ResourceLimits, unset?: readonly DeviceRateJson[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    ENTRIES.map(([name, kind]) => [name, limits[kind]?.map(({ path, rate }) => ({ Path: path, Rate: rate })) ?? unset]),
  );
}

/** An empty list says nothing. */
export function deviceRatesOf(read: (name: Name) => readonly DeviceRate[] | undefined): Pick<ResourceLimits, DeviceRateKind> {
  const rates = ENTRIES.map(([name, kind]) => [kind, read(name)] as const);
  return Object.fromEntries(rates.filter(([, list]) => list !== undefined && list.length > 0));
}
