/** Files of cgroups and of /proc that count what is used, as numbers (admin-guide/cgroup-v1, cgroup-v2.rst, proc(5)). Pure. */
import type { BlockDeviceStats, BlockIoStats, NetworkStats } from "../../../engine.js";

/** `name value` a line. */
export function parseFlat(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    text
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([name, value]) => name && value !== undefined)
      .map(([name, value]) => [name!, Number(value)]),
  );
}

/** A number alone; undefined for `max`, for none, and for v1's "unlimited", which is a page below 2^63. */
export function parseNumber(text: string): number | undefined {
  const value = Number.parseInt(text, 10);
  return Number.isFinite(value) && value < 2 ** 62 ? value : undefined;
}

/** What the kernel can't take back without a swap device: `file` of v2's memory.stat counts shared memory, too. */
export function unreclaimableMemory(current: string, stat: string): number {
  const { file = 0, shmem = 0, slab_reclaimable: slab = 0 } = parseFlat(stat);
  return (parseNumber(current) ?? 0) - (file - shmem) - slab;
}

/** v2's io.stat: `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6`. */
export function parseIoStat(text: string): BlockIoStats {
  const devices = lines(text).map((line): BlockDeviceStats => {
    const [device = "", ...pairs] = line.split(" ");
    const values = new Map(pairs.map((pair) => pair.split("=") as [string, string]));
    const value = (name: string): number => Number(values.get(name) ?? 0);
    return {
      ...deviceNumbers(device),
      readBytes: value("rbytes"),
      writeBytes: value("wbytes"),
      readOperations: value("rios"),
      writeOperations: value("wios"),
    };
  });
  return inAll(devices);
}

/** v1's blkio.throttle.io_service_bytes and io_serviced: `8:0 Read 1` and so on, and a total. */
export function parseBlkio(bytes: string, operations: string): BlockIoStats {
  const devices = new Map<string, Record<keyof Omit<BlockDeviceStats, "major" | "minor">, number>>();
  const add = (
    text: string,
    names: { readonly Read: "readBytes" | "readOperations"; readonly Write: "writeBytes" | "writeOperations" },
  ): void => {
    for (const [device, kind, value] of lines(text).map((line) => line.split(" "))) {
      if (value === undefined || (kind !== "Read" && kind !== "Write")) continue;
      const known = devices.get(device!) ?? { readBytes: 0, writeBytes: 0, readOperations: 0, writeOperations: 0 };
      known[names[kind]] += Number(value);
      devices.set(device!, known);
    }
  };
  add(bytes, { Read: "readBytes", Write: "writeBytes" });
  add(operations, { Read: "readOperations", Write: "writeOperations" });
  return inAll([...devices].map(([device, values]) => ({ ...deviceNumbers(device), ...values })));
}

/** The first line of /proc/stat, in ticks of all processors together. Guests' time is part of user time already. */
export function parseHostTicks(text: string): { readonly ticks: number; readonly onlineCpus: number } {
  const [first = "", ...others] = lines(text);
  const ticks = first.split(/\s+/).slice(1, 9);
  return { ticks: ticks.reduce((sum, value) => sum + Number(value), 0), onlineCpus: others.filter((line) => /^cpu\d/.test(line)).length };
}

/** /proc/PID/net/dev without the loopback interface. */
export function parseNetDev(text: string): Readonly<Record<string, NetworkStats>> {
  const interfaces = lines(text).flatMap((line): [string, NetworkStats][] => {
    const [, name, counters] = /^\s*([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || counters === undefined || name === "lo") return [];
    const [rxBytes = 0, rxPackets = 0, rxErrors = 0, rxDropped = 0, , , , , txBytes = 0, txPackets = 0, txErrors = 0, txDropped = 0] =
      counters.split(/\s+/).map(Number);
    return [[name, { rxBytes, rxPackets, rxErrors, rxDropped, txBytes, txPackets, txErrors, txDropped }]];
  });
  return Object.fromEntries(interfaces);
}

/** Bytes of a line such as `Pss:   12 kB`. */
export function parseKilobytes(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1024;
}

export function inAll(devices: readonly BlockDeviceStats[]): BlockIoStats {
  const sum = (name: "readBytes" | "writeBytes"): number => devices.reduce((total, device) => total + device[name], 0);
  return { readBytes: sum("readBytes"), writeBytes: sum("writeBytes"), devices };
}

function deviceNumbers(text: string): { readonly major: number; readonly minor: number } {
  const [major = 0, minor = 0] = text.split(":").map(Number);
  return { major, minor };
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}
