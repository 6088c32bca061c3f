/** Looks up the disks whose I/O is limited: cgroups know them by number. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import type { ResourceLimits } from "../../engine.js";
import { optionError } from "../../errors.js";
import { DEVICE_RATES, limitedDevices } from "../../spec/device-rates.js";
import { numbersOf } from "./device-numbers.js";

/** @returns `MAJOR:MINOR` by path @throws OPTION_INVALID for what is no disk: the kernel limits no partition by itself */
export async function readLimitedDisks(limits: ResourceLimits = {}): Promise<ReadonlyMap<string, string>> {
  const numbers = async (path: string): Promise<readonly [string, string]> => {
    const found = await stat(path).catch(() => undefined);
    const { major, minor } = found?.isBlockDevice() ? numbersOf(found) : {};
    const number = `${major}:${minor}`;
    if (major !== undefined && !existsSync(`/sys/dev/block/${number}/partition`)) return [path, number];
    const kind = DEVICE_RATES.find((name) => limits[name]?.some((rate) => rate.path === path));
    throw optionError(`resources.${kind}`, path, "a disk of the host, and no partition");
  };
  return new Map(await Promise.all(limitedDevices(limits).map(numbers)));
}
