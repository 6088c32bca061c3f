/**
 * Who removes layers and who comes to rely on them, in any process, without waiting for each other's work. Whoever relies on a layer says so
 * first (in-use.ts) and then looks whether somebody is removing; whoever removes takes the lock first and then looks what is in use. So at least
 * one of them sees the other.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { type FileLocks, LOCK_SUFFIX } from "./file-locks.js";
import { InUse, namesInUse } from "./in-use.js";

/** Keeps layers, by their diffIDs, from being removed; called before anybody looks whether they are there. */
export type Keep = (...diffIds: readonly string[]) => Promise<void>;

export class Removals {
  readonly #locks: FileLocks;
  readonly #lock: string;
  readonly #directory: string;

  /** @param directory for the names of what is in use */
  constructor(locks: FileLocks, directory: string) {
    this.#locks = locks;
    this.#directory = directory;
    this.#lock = path.join(directory, "removal");
  }

  /** Runs what comes to rely on layers: those that it keeps stay until it has ended. */
  async keeping<T>(work: (keep: Keep) => Promise<T>): Promise<T> {
    const inUse = new InUse(this.#directory);
    try {
      return await work(async (...diffIds) => {
        for (const diffId of diffIds) inUse.add(diffId);
        await this.over();
      });
    } finally {
      inUse.end();
    }
  }

  /** Resolves once nobody removes what it has chosen before somebody said to use it. */
  async over(): Promise<void> {
    // Without a removal there is no such file, and asking the kernel for the lock would be a request more for each step of a build.
    // A removal that begins later looks at what is in use by now, and need not be waited for: they may follow one another without a gap.
    if (existsSync(`${this.#lock}${LOCK_SUFFIX}`)) await this.#locks.passed(this.#lock);
  }

  /** Runs what chooses and removes, or names what must not be removed meanwhile. Short: everybody else waits for it. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#locks.exclusive(this.#lock, undefined, work);
  }

  async kept(): Promise<ReadonlySet<string>> {
    const names = await namesInUse(this.#directory);
    return new Set([...names].filter((name) => name.startsWith("sha256:")));
  }
}
