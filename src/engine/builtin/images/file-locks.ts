/** Work that only one process may do at a time, such as fetching a layer or making the step of a build. */
import { mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { unlessAborted } from "../../oci/unless-aborted.js";
import { inStore } from "./store-failure.js";

export interface LockOptions {
  /** Until nobody else has it; otherwise `undefined` where somebody does, this process included. */
  readonly wait: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The kernel's locks on files. */
export interface KernelLocks {
  /**
   * A lock on a file, made where it is missing: resolves with what gives it back and removes the file. It ends with this process, however
   * it ends.
   */
  take(file: string, options: LockOptions): Promise<(() => Promise<void>) | undefined>;
  /** Resolves once whoever has the lock now, this process included, has given it back: others who come after are not waited for. */
  passed(file: string): Promise<void>;
}

export const LOCK_SUFFIX = ".lock";
const WAITING = "wait for another process";

export class FileLocks {
  readonly #kernel: KernelLocks;
  /** What this process holds or waits for: one queue a file, of which the first one asks the kernel. */
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(kernel: KernelLocks) {
    this.#kernel = kernel;
  }

  /**
   * Runs `work` while no other process or call holds the lock of `file`, which need not exist.
   *
   * @throws ABORTED, STORE_UNWRITABLE, and what `work` throws
   */
  async exclusive<T>(file: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(file) ?? Promise.resolve();
    const result = unlessAborted(before, signal, WAITING).then(() => this.#locked(file, signal, work));
    // Whoever gives up waiting lets nobody in before those in front are done.
    const settled = Promise.allSettled([before, result]);
    this.#queues.set(file, settled);
    void settled.then(() => {
      if (this.#queues.get(file) === settled) this.#queues.delete(file);
    });
    return result;
  }

  /** The lock if nobody has it: a function that gives it back. @throws STORE_UNWRITABLE */
  tryExclusive(file: string): Promise<(() => Promise<void>) | undefined> {
    return this.#lock(file, { wait: false });
  }

  /** Resolves once nobody has it any more who has it now, however many come after. */
  passed(file: string): Promise<void> {
    return this.#kernel.passed(`${file}${LOCK_SUFFIX}`);
  }

  /** Removes the files of locks that nobody has: a process that was killed left them, and nobody may ever do that work again. @throws STORE_UNWRITABLE */
  async removeFree(directory: string): Promise<void> {
    const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith(LOCK_SUFFIX));
    for (const name of names) await (await this.tryExclusive(path.join(directory, name.slice(0, -LOCK_SUFFIX.length))))?.();
  }

  async #locked<T>(file: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const release = await this.#lock(file, { wait: true, signal });
    try {
      return await work();
    } finally {
      await release?.();
    }
  }

  #lock(file: string, options: LockOptions): ReturnType<KernelLocks["take"]> {
    return inStore(file, async () => {
      await mkdir(path.dirname(file), { recursive: true });
      return this.#kernel.take(`${file}${LOCK_SUFFIX}`, options);
    });
  }
}
