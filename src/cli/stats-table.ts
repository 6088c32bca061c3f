/** The table of `docker stats`. Pure. */
import type { ContainerStats } from "../engine/engine.js";
import { formatMemory, formatSize } from "./quantities.js";

/** Docker's heading of each column. */
export const STATS_HEADINGS = {
  Container: "CONTAINER",
  ID: "CONTAINER ID",
  Name: "NAME",
  CPUPerc: "CPU %",
  MemUsage: "MEM USAGE / LIMIT",
  MemPerc: "MEM %",
  NetIO: "NET I/O",
  BlockIO: "BLOCK I/O",
  PIDs: "PIDS",
} as const;

type Columns = Readonly<Record<keyof typeof STATS_HEADINGS, string>>;

export interface SampledContainer {
  /** As it was asked for, else its short id. */
  readonly container: string;
  readonly id: string;
  readonly name: string;
  /** Undefined for one that does not run. */
  readonly stats: ContainerStats | undefined;
}

export function statsColumns({ container, id, name, stats }: SampledContainer): Columns {
  const named = { Container: container, ID: id, Name: name };
  if (!stats) return { ...named, CPUPerc: "--", MemUsage: "-- / --", MemPerc: "--", NetIO: "--", BlockIO: "--", PIDs: "--" };
  const { memory, blockIo, pids, cpuPercent = 0 } = stats;
  const networks = Object.values(stats.networks);
  const sum = (key: "rxBytes" | "txBytes"): number => networks.reduce((total, each) => total + each[key], 0);
  return {
    ...named,
    CPUPerc: percent(cpuPercent),
    MemUsage: `${formatMemory(memory.usageBytes)} / ${formatMemory(memory.limitBytes)}`,
    MemPerc: percent((100 * memory.usageBytes) / Math.max(1, memory.limitBytes)),
    NetIO: `${formatSize(sum("rxBytes"))} / ${formatSize(sum("txBytes"))}`,
    BlockIO: `${formatSize(blockIo.readBytes)} / ${formatSize(blockIo.writeBytes)}`,
    PIDs: String(pids.current),
  };
}

/** Of the headings, too. */
export function statsRow({ Container: _, ...shown }: Columns): string[] {
  return Object.keys(shown).map((column) => shown[column as keyof typeof shown]);
}

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}
