/** The table of `docker stats`. Pure. */
import type { ContainerStats } from "../engine/engine.js";
import { formatMemory, formatSize } from "./quantities.js";

/** Docker's heading of each column. */
export const STATS_HEADINGS = {
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
  readonly id: string;
  readonly name: string;
  /** Undefined for one that does not run. */
  readonly stats: ContainerStats | undefined;
}

export function statsColumns({ id, name, stats }: SampledContainer): Columns {
  if (!stats) return { ID: id, Name: name, CPUPerc: "--", MemUsage: "-- / --", MemPerc: "--", NetIO: "--", BlockIO: "--", PIDs: "--" };
  const { memory, blockIo, pids, cpuPercent = 0 } = stats;
  const networks = Object.values(stats.networks);
  const sum = (key: "rxBytes" | "txBytes"): number => networks.reduce((total, each) => total + each[key], 0);
  return {
    ID: id,
    Name: name,
    CPUPerc: percent(cpuPercent),
    MemUsage: `${formatMemory(memory.usageBytes)} / ${formatMemory(memory.limitBytes)}`,
    MemPerc: percent((100 * memory.usageBytes) / Math.max(1, memory.limitBytes)),
    NetIO: `${formatSize(sum("rxBytes"))} / ${formatSize(sum("txBytes"))}`,
    BlockIO: `${formatSize(blockIo.readBytes)} / ${formatSize(blockIo.writeBytes)}`,
    PIDs: String(pids.current),
  };
}

export function statsRow(columns: Columns): string[] {
  return (Object.keys(STATS_HEADINGS) as (keyof Columns)[]).map((column) => columns[column]);
}

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}
