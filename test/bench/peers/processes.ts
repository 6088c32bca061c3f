/** What /proc says about the processes that a benchmark measures (proc(5)). */
import { readdir, readFile } from "node:fs/promises";

export async function processesWhere(test: (pid: number) => Promise<boolean>): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const passed = await Promise.all(pids.map(test));
  return pids.filter((_, index) => passed[index]);
}

/** Direct children, by the parent that each process names. */
export function childrenOf(parent: number): Promise<number[]> {
  return processesWhere(async (pid) => (await parentOf(pid)) === parent);
}

/** A process and all below it. */
export async function treeOf(root: number): Promise<number[]> {
  const children = await childrenOf(root);
  return [root, ...(await Promise.all(children.map(treeOf))).flat()];
}

async function parentOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The second field is the name in parentheses, and may hold anything.
  const parent = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
  return parent === undefined ? undefined : Number(parent);
}

/** Arguments joined by spaces; empty for a process that is gone. */
export async function commandLine(pid: number): Promise<string> {
  const raw = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return raw.split("\0").join(" ");
}

/** The name that the process has given itself, at most 15 bytes; empty for a process that is gone. */
export async function processName(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")).trim();
}

/** Resident bytes of one process. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/status has no VmRSS: the process has ended`);
  return Number(kilobytes) * 1024;
}
