/** What a victim had, seen in the moment before its end, and what of it is still there afterwards. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { mountsBelow } from "../fixtures/mounts.js";
import { type Cage, runs } from "./cage.js";

/** A second is promised and some ten milliseconds are usual; the rest is for machines that are busy with somebody else. */
const WITHIN_MS = 10_000;
/** Of /proc/PID/stat, a second: the same on every machine that Node runs on (USER_HZ). */
const TICKS = 100;
const NAMESPACES = ["mnt", "net", "pid", "ipc", "uts", "cgroup", "user", "time"];

export interface Held {
  /** As /proc/PID/ns names them. */
  readonly namespaces: ReadonlySet<string>;
  /** Inodes of listening sockets. */
  readonly ports: ReadonlySet<string>;
  /** When that was, in clock ticks since boot. */
  readonly at: number;
}

export interface Leaks {
  readonly processes: number;
  readonly cgroups: number;
  readonly mounts: number;
  readonly namespaces: number;
  readonly ports: number;
  readonly sessions: number;
}

export const NO_LEAKS: Leaks = { processes: 0, cgroups: 0, mounts: 0, namespaces: 0, ports: 0, sessions: 0 };

/** @param pids of the victim and all that it started */
export function heldBy(pids: readonly number[]): Held {
  const ours = new Set(namespacesOf("self"));
  const listening = listeningSockets();
  return {
    namespaces: new Set(pids.flatMap(namespacesOf).filter((name) => !ours.has(name))),
    ports: new Set(pids.flatMap(socketsOf).filter((inode) => listening.has(inode))),
    at: Math.ceil(Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * TICKS),
  };
}

/** Resolves when all have ended, or when the time is up: then what follows finds them. */
export async function processesGone(cage: Cage): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  while (cage.processes().length > 0 && Date.now() < deadline) await delay(5);
}

/** Once nothing is left, or when the time is up. */
export async function leaksOf(home: string, cage: Cage, held: Held): Promise<Leaks> {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const leaks = leaksNow(home, cage, held);
    if (total(leaks) === 0 || Date.now() > deadline) return leaks;
    await delay(10);
  }
}

export function leaksNow(home: string, cage: Cage, { namespaces, ports, at }: Held): Leaks {
  // The kernel gives the number of a namespace that has gone to the next one: whoever began later has another one.
  const older = namespaces.size > 0 ? allProcesses().filter((pid) => (startOf(pid) ?? at + 1) <= at) : [];
  const present = new Set(older.flatMap(namespacesOf));
  const listening = ports.size > 0 ? listeningSockets() : new Set();
  return {
    processes: cage.processes().length,
    cgroups: cage.cgroups().length,
    mounts: mountsBelow(home).length,
    namespaces: [...namespaces].filter((name) => present.has(name)).length,
    ports: [...ports].filter((inode) => listening.has(inode)).length,
    sessions: entriesOf(path.join(home, "sessions")).length,
  };
}

export function total(leaks: Leaks): number {
  return Object.values(leaks).reduce((sum: number, count: number) => sum + count, 0);
}

/** Everything that work makes on the way and takes away again. */
export function unfinishedIn(home: string): string[] {
  const at = (place: string, isOne: (name: string) => boolean = () => true): string[] =>
    entriesOf(path.join(home, place))
      .filter(isOne)
      .map((name) => path.join(home, place, name));
  return [
    ...at("layers", (name) => name.startsWith(".")),
    ...at("images/ingest"),
    ...["images/references", "images/blobs/sha256", "build/steps"].flatMap((place) => at(place, (name) => name.endsWith(".tmp"))),
    ...["in-use", "temporary", "locks"].flatMap((name) => at(path.join("build", name))),
  ];
}

/** Each with what is in it. */
export function sessionsIn(home: string): string[] {
  const sessions = path.join(home, "sessions");
  return entriesOf(sessions).map((name) => `${name} (${entriesOf(path.join(sessions, name)).join(" ")})`);
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Without zombies, which have ended: a host's init may take its time to take note. */
const allProcesses = (): string[] => readdirSync("/proc").filter((name) => /^\d+$/.test(name) && runs(Number(name)));

function startOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return undefined;
  }
}

function namespacesOf(pid: number | string): string[] {
  return NAMESPACES.flatMap((kind) => linkAt(`/proc/${pid}/ns/${kind}`));
}

function socketsOf(pid: number): string[] {
  return entriesOf(`/proc/${pid}/fd`)
    .flatMap((fd) => linkAt(`/proc/${pid}/fd/${fd}`))
    .flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

function linkAt(place: string): string[] {
  try {
    return [readlinkSync(place)];
  } catch {
    return []; // it has ended meanwhile
  }
}

/** Of this network namespace: inodes of sockets in state LISTEN (proc_pid_net(5)). */
function listeningSockets(): Set<string> {
  const rows = ["tcp", "tcp6"].flatMap((name) => readFileSync(`/proc/net/${name}`, "utf8").trim().split("\n").slice(1));
  return new Set(rows.map((row) => row.trim().split(/\s+/)).flatMap((fields) => (fields[3] === "0A" ? [fields[9]!] : [])));
}
