/** One server a socket and one a data root: a file names the process that has it. */
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { CaissonError } from "../errors.js";

export interface Ownership {
  release(): Promise<void>;
}

/**
 * Takes `file` for this process. What a process left that is no more is taken over at once: a number that was given to another process
 * since is told apart by the time at which that one began.
 * @param what for the error: `"the data root /var/lib/caisson"`
 * @throws SERVER_RUNNING
 */
export async function claim(file: string, what: string): Promise<Ownership> {
  await mkdir(path.dirname(file), { recursive: true });
  const mine = `${process.pid} ${(await startTime(process.pid)) ?? ""}\n`;
  const own = `${file}.${process.pid}`;
  await writeFile(own, mine, { mode: 0o600 });
  try {
    while (!(await linked(own, file))) await evict(file, what);
  } finally {
    await rm(own, { force: true });
  }
  return {
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
  const [pid = "", started] = text.trim().split(" ");
  const alive = await startTime(Number(pid));
  if (alive !== undefined && alive === started) {
    throw new CaissonError("SERVER_RUNNING", `Process ${pid} serves ${what} already`, {
      facts: { what, pid: Number(pid) },
      remedy: `Use that server, or end it: kill ${pid}`,
    });
  }
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
