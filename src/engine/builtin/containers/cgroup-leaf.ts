/**
 * A cgroup that gives controllers to those below it may hold no process itself (cgroup-v2.rst, "No Internal Process Constraint"; the root
 * of all is exempt). A delegated one often does: us, and who started us. They move to a leaf, where later sessions find them.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { CgroupFacts } from "../runtime/host-facts.js";

const LEAF = "caisson-processes";
/** Processes may be born while others move. */
const TRIES = 5;

/** Where it can't be done, sessions have no controllers, and limits fail by what they write. */
export function leaveDelegatedCgroup({ version, unified, unifiedControllers }: CgroupFacts): void {
  // Only the root of all has no type.
  if (version !== "2" || unified === undefined || unifiedControllers.length === 0 || !existsSync(path.join(unified, "cgroup.type"))) return;
  const leaf = path.join(unified, LEAF);
  for (let tries = 0; tries < TRIES; tries++) {
    const processes = processesOf(unified);
    if (processes.length === 0) return;
    try {
      mkdirSync(leaf, { recursive: true });
    } catch {
      return;
    }
    for (const pid of processes) move(pid, leaf);
  }
}

function processesOf(directory: string): string[] {
  try {
    return readFileSync(path.join(directory, "cgroup.procs"), "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}

function move(pid: string, directory: string): void {
  try {
    writeFileSync(path.join(directory, "cgroup.procs"), pid);
  } catch {
    // It has ended, or is not ours to move.
  }
}
