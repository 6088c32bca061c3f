/** Locks between processes, by a directory beside the file (proper-lockfile: kept fresh while held, free when its holder died). */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { abortError } from "../../errors.js";
import { inStore } from "./store-failure.js";
import { unlessAborted } from "./unless-aborted.js";

/** A holder that was not heard of for so long is dead. */
const STALE_MS = 10_000;
const UPDATE_MS = 2_000;
/** Node has no way to be told that a lock is free: this is how often it is looked at. */
const FIRST_LOOK_MS = 10;
const LAST_LOOK_MS = 250;

/** What this process holds or waits for: one queue a file, so that only one of us looks at the directory. */
const queues = new Map<string, Promise<unknown>>();

/** Runs `work` while no other process or call holds the lock of `file`, which need not exist. @throws ABORTED, STORE_UNWRITABLE */
export async function withFileLock<T>(file: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const before = queues.get(file) ?? Promise.resolve();
  const result = unlessAborted(before, signal, "pull").then(() => locked(file, signal, work));
  // Whoever gives up waiting lets nobody in before those in front are done.
  const settled = Promise.allSettled([before, result]);
  queues.set(file, settled);
  void settled.then(() => {
    if (queues.get(file) === settled) queues.delete(file);
  });
  return result;
}

async function locked<T>(file: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const release = await acquire(file, signal);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function acquire(file: string, signal: AbortSignal | undefined): Promise<() => Promise<void>> {
  for (let delay = FIRST_LOOK_MS; ; delay = Math.min(delay * 1.5, LAST_LOOK_MS)) {
    if (signal?.aborted) throw abortError("pull", signal);
    const release = await tryFileLock(file);
    if (release) return release;
    await unlessAborted(sleep(delay, undefined, signal ? { signal } : {}), signal, "pull");
  }
}

/** The lock if nobody has it: a function that gives it back. @throws STORE_UNWRITABLE */
export async function tryFileLock(file: string): Promise<(() => Promise<void>) | undefined> {
  const { default: lockfile } = await import("proper-lockfile");
  await inStore(file, () => mkdir(path.dirname(file), { recursive: true }));
  try {
    // The work is safe without the lock: everything gets its name by a rename, and twice is as good as once.
    const options = { realpath: false, stale: STALE_MS, update: UPDATE_MS, retries: 0, onCompromised: () => {} };
    const release = await inStore(file, () => lockfile.lock(file, options));
    return () => release().catch(() => {});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOCKED") return undefined;
    throw error;
  }
}
