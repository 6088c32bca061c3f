/**
 * What builds remember: by the key of a step, the layer that it made. A record is a small file, named by its key and renamed into
 * place; it counts only while its layer is in the store.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { writeAtomically } from "../images/atomic-file.js";
import { withFileLock } from "../images/file-lock.js";
import type { LayerStore } from "../images/layer-store.js";

interface CacheRecord {
  readonly layer: string;
}

/** A key of anything that JSON can say. */
export function keyOf(...parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

export class CacheStore {
  readonly #directory: string;
  readonly #layers: LayerStore;

  /** @param directory of all that builds keep */
  constructor(directory: string, layers: LayerStore) {
    this.#directory = directory;
    this.#layers = layers;
  }

  /** Where digests of contexts are kept. */
  get contexts(): string {
    return path.join(this.#directory, "contexts");
  }

  /** Where cache mounts are kept. */
  get mounts(): string {
    return path.join(this.#directory, "mounts");
  }

  /** The diffID of the layer that a step made before, if it is still here. */
  async layer(key: string): Promise<string | undefined> {
    const record = this.#read<CacheRecord>(key);
    return record && (await this.#layers.metadata(record.layer)) ? record.layer : undefined;
  }

  async put(key: string, layer: string): Promise<void> {
    await writeAtomically(this.#file(key), JSON.stringify({ layer } satisfies CacheRecord));
  }

  /** A fact about files that can't change, such as the digest of an image's directory. */
  async fact(key: string, find: () => Promise<string>): Promise<string> {
    const known = this.#read<{ readonly fact: string }>(key);
    if (known) return known.fact;
    const fact = await find();
    await writeAtomically(this.#file(key), JSON.stringify({ fact }));
    return fact;
  }

  /** Runs `work` while nobody else, in this process or another, works on the same step. */
  exclusive<T>(key: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return withFileLock(path.join(this.#directory, "locks", key), signal, work);
  }

  /** Layers that records name. */
  async held(): Promise<ReadonlySet<string>> {
    const names = await readdir(path.join(this.#directory, "steps")).catch(() => []);
    const records = names.map((name) => this.#read<CacheRecord>(path.basename(name, ".json")));
    return new Set(records.flatMap((record) => record?.layer ?? []));
  }

  /** Records of steps. */
  async count(): Promise<number> {
    return (await readdir(path.join(this.#directory, "steps")).catch(() => [])).length;
  }

  /** Forgets everything. @returns how many records there were */
  async clear(): Promise<number> {
    const entries = await this.count();
    for (const part of ["steps", "contexts"]) await rm(path.join(this.#directory, part), { recursive: true, force: true });
    return entries;
  }

  #read<T>(key: string): T | undefined {
    try {
      // A hundred bytes: read at once, they cost a tenth of what handing them to another thread does.
      return JSON.parse(readFileSync(this.#file(key), "utf8")) as T;
    } catch {
      return undefined; // a record that can't be read is none: the step runs again
    }
  }

  #file(key: string): string {
    return path.join(this.#directory, "steps", `${key}.json`);
  }
}
