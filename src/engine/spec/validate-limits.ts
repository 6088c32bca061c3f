/** Checks limits and restart policies: when a container is made, and when it is updated. */
import type { DeviceRate, ResourceLimits, RestartPolicy } from "../engine.js";
import { optionError } from "../errors.js";
import { parseCpuList } from "./cpu-list.js";
import { DEVICE_RATES, type DeviceRateKind } from "./device-rates.js";

/** Docker's least: below it hardly a process starts. */
const MEMORY_LEAST = 6 << 20;

type Check = readonly [expected: string, test: (value: unknown) => boolean];

const positive: Check = ["a positive number", (value) => isNumber(value) && value > 0];
const cpuList: Check = ["a list such as `0-2,4`", (value) => typeof value === "string" && parseCpuList(value) !== undefined];

const deviceRates: Check = [
  "a list of `{ path, rate }`: a disk, and a whole number from 1",
  (value) => Array.isArray(value) && value.every(isDeviceRate),
];

const CHECKS: { readonly [K in keyof Required<ResourceLimits>]: Check } = {
  memoryBytes: [`a number of bytes, at least ${MEMORY_LEAST}`, (value) => isNumber(value) && value >= MEMORY_LEAST],
  memoryReservationBytes: positive,
  memorySwapBytes: ["a positive number, or -1", (value) => isNumber(value) && (value > 0 || value === -1)],
  cpus: ["a number from 0.01", (value) => isNumber(value) && value >= 0.01],
  cpuShares: ["a number from 2 to 262144", (value) => isNumber(value) && value >= 2 && value <= 262_144],
  cpuQuotaUs: ["a number from 1000, or -1", (value) => isNumber(value) && (value >= 1000 || value === -1)],
  cpuPeriodUs: ["a number from 1000 to 1000000", (value) => isNumber(value) && value >= 1000 && value <= 1_000_000],
  cpusetCpus: cpuList,
  cpusetMems: cpuList,
  pids: ["a positive number, or -1", (value) => isNumber(value) && (value > 0 || value === -1)],
  ...(Object.fromEntries(DEVICE_RATES.map((kind) => [kind, deviceRates])) as Record<DeviceRateKind, Check>),
  blkioWeight: ["a number from 10 to 1000", (value) => isNumber(value) && value >= 10 && value <= 1000],
};

/** @throws OPTION_INVALID */
export function validateResources(limits: ResourceLimits): void {
  for (const [name, value] of Object.entries(limits) as [keyof ResourceLimits, unknown][]) {
    const check = CHECKS[name];
    if (!check) throw optionError(`resources.${name}`, value, "absent: there is no such limit", Object.keys(CHECKS));
    const [expected, test] = check;
    if (value !== undefined && !test(value)) throw optionError(`resources.${name}`, value, expected);
  }
  const { memoryBytes, memoryReservationBytes, memorySwapBytes, cpus, cpuQuotaUs, cpuPeriodUs } = limits;
  if (memorySwapBytes !== undefined && memorySwapBytes !== -1 && (memoryBytes === undefined || memorySwapBytes < memoryBytes))
    throw optionError("resources.memorySwapBytes", memorySwapBytes, "memory and swap together: at least `memoryBytes`, which must be set");
  if (memoryReservationBytes !== undefined && memoryBytes !== undefined && memoryReservationBytes > memoryBytes)
    throw optionError("resources.memoryReservationBytes", memoryReservationBytes, "at most `memoryBytes`");
  if (cpus !== undefined && (cpuQuotaUs !== undefined || cpuPeriodUs !== undefined))
    throw optionError("resources.cpus", cpus, "absent where `cpuQuotaUs` or `cpuPeriodUs` are set: they say the same");
}

/** What `docker update` has no words for, and daemons take without a word. @throws OPTION_INVALID */
export function requireUpdatable(limits: ResourceLimits): void {
  for (const kind of DEVICE_RATES)
    if (limits[kind] !== undefined)
      throw optionError(`resources.${kind}`, limits[kind], "absent: a container keeps those that it was made with");
}

const POLICIES = ["no", "on-failure", "always", "unless-stopped"];

/** @throws OPTION_INVALID */
export function validateRestartPolicy({ name, maximumRetryCount: count }: RestartPolicy): void {
  if (!POLICIES.includes(name)) throw optionError("restartPolicy.name", name, "a restart policy", POLICIES);
  if (count === undefined) return;
  if (!Number.isInteger(count) || count < 0) throw optionError("restartPolicy.maximumRetryCount", count, "a number of restarts");
  if (name !== "on-failure" && count > 0)
    throw optionError("restartPolicy.maximumRetryCount", count, "absent: it counts for `on-failure` alone");
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isDeviceRate(value: Partial<DeviceRate> | null): boolean {
  const { path, rate } = value ?? {};
  return typeof path === "string" && path.startsWith("/") && Number.isSafeInteger(rate) && rate! > 0;
}
