/** `top`: the processes of a container, read from /proc (proc(5)). */
import { readFile } from "node:fs/promises";
import type { ContainerProcess } from "../../engine.js";
import type { HostFacts } from "../runtime/host-facts.js";
import { type IdRange, insideId } from "../runtime/user-namespace.js";
import type { UserDatabase } from "../runtime/users.js";
import { containerProcesses } from "./container-processes.js";
import type { ContainerRecord } from "./container-record.js";
import { notRunning } from "./exec-process.js";
import type { Session } from "./session.js";
import { parseKilobytes } from "./stats/parse-stats.js";
import { readUsers } from "./user-files.js";

/** USER_HZ, in which /proc counts on every architecture that Node runs on. */
const TICK_MS = 10;
/** Of Unix98 terminals: 136 to 143. */
const PTS_MAJOR = 136;

/** @throws CONTAINER_NOT_RUNNING */
export async function topOf(session: Session, record: ContainerRecord): Promise<ContainerProcess[]> {
  const { cgroups } = record;
  if (!record.running || !cgroups) throw notRunning(record);
  const [processes, users, bootTime] = await Promise.all([
    containerProcesses({ pid: record.pid, execs: record.execs, cgroups }),
    readUsers(session, record),
    readBootTime(),
  ]);
  const described = await Promise.all(
    (processes.length > 0 ? processes : [record.pid]).map((pid) => readProcess(pid, users, bootTime, session.host)),
  );
  return described.filter((process) => process !== undefined);
}

/** Undefined for a process that has ended meanwhile. */
async function readProcess(
  pid: number,
  users: UserDatabase,
  bootTime: number,
  { userNamespace }: HostFacts,
): Promise<ContainerProcess | undefined> {
  const read = (name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, "utf8");
  try {
    const [stat, status, commandLine] = await Promise.all([read("stat"), read("status"), read("cmdline")]);
    return describeProcess(pid, { stat, status, commandLine }, users, bootTime, userNamespace?.uids);
  } catch {
    return undefined;
  }
}

/** As they are. */
const EVERY_ID: readonly IdRange[] = [[0, 0, 2 ** 32]];

export interface ProcessFiles {
  readonly stat: string;
  readonly status: string;
  /** Words ended by NULs. */
  readonly commandLine: string;
}

export function describeProcess(
  pid: number,
  { stat, status, commandLine }: ProcessFiles,
  users: UserDatabase,
  bootTime: number,
  uids: readonly IdRange[] = EVERY_ID,
): ContainerProcess {
  // The name is in brackets and may hold any: the last one ends it.
  const end = stat.lastIndexOf(")");
  const name = stat.slice(stat.indexOf("(") + 1, end);
  const [state = "?", parent, , , terminal, , , , , , , user, kernel, , , , , threads, , start] = stat.slice(end + 2).split(" ");
  const uid = insideId(uids, Number(/^Uid:\s*\d+\s+(\d+)/m.exec(status)?.[1] ?? 0));
  return {
    pid,
    containerPid: Number(/^NSpid:.*\s(\d+)$/m.exec(status)?.[1] ?? pid),
    parentPid: Number(parent),
    user: users.passwd.find((entry) => entry.uid === uid)?.name ?? String(uid),
    uid,
    state,
    threads: Number(threads),
    cpuMs: (Number(user) + Number(kernel)) * TICK_MS,
    memoryBytes: parseKilobytes(status, "VmRSS"),
    startedAt: new Date(bootTime + Number(start) * TICK_MS),
    tty: ttyName(Number(terminal)),
    argv: commandLine === "" ? [] : commandLine.replace(/\0$/, "").split("\0"),
    name,
  };
}

function ttyName(device: number): string | undefined {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  if (major >= PTS_MAJOR && major < PTS_MAJOR + 8) return `pts/${minor + (major - PTS_MAJOR) * 256}`;
  return device === 0 ? undefined : `${major}:${minor}`;
}

/** Milliseconds since the epoch. */
async function readBootTime(): Promise<number> {
  return Number(/^btime (\d+)/m.exec(await readFile("/proc/stat", "utf8"))?.[1] ?? 0) * 1000;
}
