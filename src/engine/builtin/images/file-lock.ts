/** Locks between processes, by a directory beside the file (proper-lockfile: kept fresh while held, free when its holder died). */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { abortError } from "../../errors.js";
import { inStore } from "./store-failure.js";

/** A holder that was not heard of for so long is dead. */
const STALE_MS = 10_000;
const UPDATE_MS = 2_000;
/** Node has no way to be told that a lock is free: this is how often it is looked at. */
const LOOK_MS = { minTimeout: 10, maxTimeout: 250 };

/** What this process holds or waits for: one queue a file, so that only one of us looks at the directory. */
const queues = new Map<string, Promise<unknown>>();

/** Runs `work` while no other process or call holds the lock of `file`, which need not exist. @throws ABORTED, STORE_UNWRITABLE */
export async function withFileLock<T>(file: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const before = queues.get(file) ?? Promise.resolve();
  const result = before.then(() => locked(file, signal, work));
  const settled = result.then(
    () => {},
    () => {},
  );
  queues.set(file, settled);
  void settled.then(() => {
    if (queues.get(file) === settled) queues.delete(file);
  });
  return result;
}

async function locked<T>(file: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (signal?.aborted) throw abortError("pull", signal);
  const { default: lockfile } = await import("proper-lockfile");
  await inStore(file, () => mkdir(path.dirname(file), { recursive: true }));
  const release = await inStore(file, () =>
    lockfile.lock(file, {
      realpath: false,
      stale: STALE_MS,
      update: UPDATE_MS,
      retries: { forever: true, factor: 1.5, ...LOOK_MS },
      // The work is safe without the lock: everything gets its name by a rename, and twice is as good as once.
      onCompromised: () => {},
    }),
  );
  try {
    return await work();
  } finally {
    await release().catch(() => {});
  }
}

/** The lock if nobody has it: a function that gives it back. @throws STORE_UNWRITABLE */
export async function tryFileLock(file: string): Promise<(() => Promise<void>) | undefined> {
  const { default: lockfile } = await import("proper-lockfile");
  await inStore(file, () => mkdir(path.dirname(file), { recursive: true }));
  try {
    const release = await inStore(file, () =>
      lockfile.lock(file, { realpath: false, stale: STALE_MS, update: UPDATE_MS, retries: 0, onCompromised: () => {} }),
    );
    return () => release().catch(() => {});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOCKED") return undefined;
    throw error;
  }
}
