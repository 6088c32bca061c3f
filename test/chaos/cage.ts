/**
 * A cgroup in every hierarchy, into which a victim goes before it does anything: whatever it starts, however that detaches itself, stays
 * below. So "no process and no cgroup is left" is read from the kernel, and no name has to be guessed.
 */
import { type Dirent, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";

export class Cage implements Disposable {
  readonly #directories: ReadonlyMap<string, string>;

  constructor(name: string) {
    this.#directories = new Map([...ownCgroups()].map(([hierarchy, directory]) => [hierarchy, path.join(directory, name)]));
    for (const directory of this.#directories.values()) {
      mkdirSync(directory);
      for (const file of ["cpuset.cpus", "cpuset.mems"]) inherit(directory, file);
    }
  }

  /** Where a limit of that controller is written, or undefined where this machine has it on no v1 hierarchy. */
  controller(name: string): string | undefined {
    return this.#directories.get(name);
  }

  admit(pid: number): void {
    for (const directory of this.#directories.values()) writeFileSync(path.join(directory, "cgroup.procs"), String(pid));
  }

  /** All that run, or, with `direct`, those that are in no cgroup of a session: the owner, its supervisor and what that has as helpers. */
  processes({ direct = false } = {}): number[] {
    const places = direct ? [this.#directories.get("")!] : [...this.#directories.values()].flatMap((top) => [top, ...below(top)]);
    return [...new Set(places.flatMap(processesIn))].filter(runs);
  }

  /** Cgroups that somebody made in there. */
  cgroups(): string[] {
    return [...this.#directories.values()].flatMap(below);
  }

  [Symbol.dispose](): void {
    for (const pid of this.processes()) kill(pid);
    const deadline = Date.now() + 5000;
    for (const top of this.#directories.values())
      for (const directory of [...below(top).toReversed(), top]) removeWhenEmpty(directory, deadline);
  }
}

export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** By the controllers of each hierarchy; the key of v2 is empty. */
function ownCgroups(): Map<string, string> {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .flatMap((line) => {
      const [, root = "", target = "", type = "", options = ""] = /^\d+ \d+ \S+ (\S+) (\S+) .* - (cgroup2?) \S+ (\S+)$/.exec(line) ?? [];
      return type ? [{ root, target, unified: type === "cgroup2", options: options.split(",") }] : [];
    });
  const own = readFileSync("/proc/self/cgroup", "utf8").trim().split("\n");
  return new Map(
    own.flatMap((line) => {
      const [, names = "", place = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      const mount = mounts.find(({ unified, options }) =>
        names === "" ? unified : names.split(",").every((name) => options.includes(name)),
      );
      return mount ? [[names, path.join(mount.target, path.relative(mount.root, place))] as const] : [];
    }),
  );
}

/** A cpuset takes processes once it has been told which processors and which memory. */
function inherit(directory: string, file: string): void {
  const ours = path.join(directory, file);
  if (existsSync(ours)) writeFileSync(ours, readFileSync(path.join(path.dirname(directory), file)));
}

/** Outer ones first. */
function below(directory: string): string[] {
  let entries: Dirent[] = [];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {} // it has gone meanwhile
  return entries
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [path.join(directory, name), ...below(path.join(directory, name))]);
}

function processesIn(directory: string): number[] {
  try {
    return readFileSync(path.join(directory, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** A zombie has ended: it only waits for its parent to take note. */
export function runs(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function removeWhenEmpty(directory: string, deadline: number): void {
  for (;;) {
    try {
      rmdirSync(directory);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EBUSY" || Date.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
