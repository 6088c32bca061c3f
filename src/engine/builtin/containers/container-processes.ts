/** The processes of a container: by its cgroups, or by descent where this host gives it none. */
import { readdir, readFile } from "node:fs/promises";
import type { ContainerCgroups } from "../runtime/cgroups.js";
import { cgroupProcesses } from "./cgroup-processes.js";

export interface ProcessRoots {
  /** Of the first process. */
  readonly pid: number;
  /** Of those that were executed in it later, and are not its descendants. */
  readonly execs?: Iterable<number> | undefined;
  readonly cgroups: Pick<ContainerCgroups, "unified" | "directories">;
}

/** Ids as the host sees them, ascending. */
export async function containerProcesses({ pid, execs = [], cgroups }: ProcessRoots): Promise<readonly number[]> {
  const directories = cgroups.unified ? [cgroups.unified] : cgroups.directories;
  return directories.length > 0 ? cgroupProcesses(directories) : descendants([pid, ...execs]);
}

/** They and all below them. Whoever loses his parent in a pid namespace becomes a child of its first process (pid_namespaces(7)). */
async function descendants(roots: readonly number[]): Promise<number[]> {
  const parents = await readParents();
  const found = new Set(roots.filter((pid) => parents.has(pid)));
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found].sort((a, b) => a - b);
}

/** By process id (proc(5)). */
async function readParents(): Promise<ReadonlyMap<number, number>> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
  return new Map(stats.filter(Boolean).map((stat) => [Number.parseInt(stat, 10), parentIn(stat)]));
}

/** The name is in brackets and may hold any: the last one ends it. State and parent follow. */
function parentIn(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}
