/** Which process this is, in terms that another process of this machine can check. */
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { Owner } from "./session-labels.js";

export function thisProcess(): Owner {
  return { host: hostIdentity(), pid: process.pid, started: startOf(process.pid) ?? "" };
}

/** True only where the owner can't be alive: it ran on this machine, since its last start, and its number is free or somebody else's. */
export function hasEnded(owner: Owner): boolean {
  if (owner.host !== hostIdentity()) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  // Elsewhere than on Linux a number that is given out again keeps what is left of the old owner: too much is kept, never too little.
  return process.platform === "linux" && owner.started !== "" && startOf(owner.pid) !== owner.started;
}

let identity: string | undefined;

/**
 * Machines that were copied share an id, those that were restored from one snapshot even a boot id: the host name is taken in too.
 * Numbers of process id namespaces are given out again only when the namespace, with all of its processes, is gone.
 */
function hostIdentity(): string {
  identity ??= createHash("sha256")
    .update([hostname(), process.platform, ...kernelFacts()].join("\n"))
    .digest("hex")
    .slice(0, 32);
  return identity;
}

function kernelFacts(): readonly string[] {
  if (process.platform !== "linux") return [];
  return [readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(), readlinkSync("/proc/self/ns/pid")];
}

/** Clock ticks since the machine's start (proc(5), starttime); undefined for what has ended, if only its parent doesn't know yet. */
function startOf(pid: number): string | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name may hold anything, parentheses too.
    const [state = "", ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return /[ZX]/.test(state) ? undefined : rest[18];
  } catch {
    return undefined;
  }
}
