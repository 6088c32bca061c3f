/** The processes of a container, by its cgroups. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

/** Ids as the host sees them, ascending, of the first of these cgroups that has any; those below it count, too. */
export async function cgroupProcesses(directories: readonly string[]): Promise<number[]> {
  for (const directory of directories) {
    const found = await processesBelow(directory);
    if (found.length > 0) return [...new Set(found)].sort((a, b) => a - b);
  }
  return [];
}

async function processesBelow(directory: string): Promise<number[]> {
  const [procs, entries] = await Promise.all([
    readFile(path.join(directory, "cgroup.procs"), "utf8").catch(() => ""),
    readdir(directory, { withFileTypes: true }).catch(() => []),
  ]);
  const below = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map(({ name }) => processesBelow(path.join(directory, name))),
  );
  // 0 stands for a process of a pid namespace that this process can't see into.
  return [
    ...procs
      .split("\n")
      .map(Number)
      .filter((pid) => pid > 0),
    ...below.flat(),
  ];
}
