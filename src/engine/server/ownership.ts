/** One server a socket and one a data root: a file names the process that has it, and where it listens. */
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { CaissonError } from "../errors.js";

export interface Ownership {
  /** Says where the owner listens, so that whoever meets its file can go there. @param host as DOCKER_HOST takes it */
  announce(host: string): Promise<void>;
  release(): Promise<void>;
}

export interface Owner {
  readonly pid: number;
  /** As DOCKER_HOST takes it; undefined until it listens. */
  readonly host: string | undefined;
}

/** Who has `file`; undefined where nobody has it who is alive. */
export async function ownerOf(file: string): Promise<Owner | undefined> {
  const text = await read(file);
  return text === undefined ? undefined : livingOwner(text);
}

/**
 * Takes `file` for this process. What a process left that is no more is taken over at once: a number that was given to another process
 * since is told apart by the time at which that one began.
 * @param what for the error: `"the data root /var/lib/caisson"`
 * @throws SERVER_RUNNING
 */
export async function claim(file: string, what: string): Promise<Ownership> {
  await mkdir(path.dirname(file), { recursive: true });
  let mine = `${process.pid} ${(await startTime(process.pid)) ?? ""}\n`;
  const own = `${file}.${process.pid}`;
  await writeFile(own, mine, { mode: 0o600 });
  try {
    while (!(await linked(own, file))) await evict(file, what);
  } finally {
    await rm(own, { force: true });
  }
  return {
    async announce(host) {
      const said = `${mine.trimEnd()} ${host}\n`;
      await writeFile(own, said, { mode: 0o600 });
      await rename(own, file);
      mine = said;
    },
    async release() {
      if ((await read(file)) === mine) await rm(file, { force: true });
    },
  };
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Removes what a dead process left. @throws SERVER_RUNNING where its owner lives */
async function evict(file: string, what: string): Promise<void> {
  const text = await read(file);
  if (text === undefined) return; // it went meanwhile
  const owner = await livingOwner(text);
  if (owner) throw serverRunning(owner, what);
  // By a rename, so that of two who find it dead only one removes it.
  const aside = `${file}.${process.pid}.dead`;
  const moved = await rename(file, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  // Somebody was faster, and what was moved is a live one's: it goes back.
  if ((await read(aside)) !== text) await linked(aside, file);
  await rm(aside, { force: true });
}

/** @param what for the error: `"the data root /var/lib/caisson"` */
export function serverRunning({ pid, host }: Owner, what: string): CaissonError<"SERVER_RUNNING"> {
  return new CaissonError("SERVER_RUNNING", `Process ${pid} serves ${what} already${host === undefined ? "" : `, on ${host}`}`, {
    facts: { what, pid },
    remedy: `Use that server, or end it: kill ${pid}`,
  });
}

async function livingOwner(text: string): Promise<Owner | undefined> {
  const [pid = "", started, ...address] = text.trim().split(" ");
  const alive = await startTime(Number(pid));
  if (alive === undefined || alive !== started) return undefined;
  return { pid: Number(pid), host: address.length > 0 ? address.join(" ") : undefined };
}

async function read(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}

/** In clock ticks since the host's boot; undefined for a process that is not there. proc_pid_stat(5): field 22. */
async function startTime(pid: number): Promise<string | undefined> {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A zombie serves nobody.
  return fields === undefined || fields[0] === "Z" ? undefined : fields[19];
}
