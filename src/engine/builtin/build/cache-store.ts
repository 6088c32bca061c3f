/**
 * What builds remember: by the key of a step, the layer that it made. A record is a small file, named by its key and renamed into
 * place; it counts only while its layer is in the store.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { removeAbandoned } from "../images/abandoned-files.js";
import { writeAtomically } from "../images/atomic-file.js";
import type { FileLocks } from "../images/file-locks.js";
import { InUse, namesInUse } from "../images/in-use.js";
import type { LayerStore } from "../images/layer-store.js";
import type { Removals } from "../images/removals.js";

interface CacheRecord {
  readonly layer: string;
}

export interface CacheStoreParts {
  readonly layers: LayerStore;
  readonly locks: FileLocks;
  readonly removals: Removals;
}

/** A key of anything that JSON can say. */
export function keyOf(...parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

export class CacheStore {
  readonly #directory: string;
  readonly #layers: LayerStore;
  readonly #locks: FileLocks;
  readonly #removals: Removals;
  readonly #inUse: InUse;

  /** @param directory of all that builds keep */
  constructor(directory: string, { layers, locks, removals }: CacheStoreParts) {
    this.#directory = directory;
    this.#layers = layers;
    this.#locks = locks;
    this.#removals = removals;
    this.#inUse = new InUse(path.join(directory, "in-use"));
  }

  /** Keeps layers or cache mounts from being pruned until this build has ended. */
  async use(...names: readonly string[]): Promise<void> {
    for (const name of names) this.#inUse.add(name);
    await this.#removals.over();
  }

  /** This build has ended. */
  release(): void {
    this.#inUse.end();
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
    const record = this.recall<CacheRecord>(key);
    if (!record) return undefined;
    // Before it is looked for: what is found must not go between looking and using.
    await this.use(record.layer);
    return (await this.#layers.metadata(record.layer)) ? record.layer : undefined;
  }

  async put(key: string, layer: string): Promise<void> {
    await this.use(layer);
    await this.remember(key, { layer } satisfies CacheRecord);
  }

  /** A fact about files that can't change, such as the digest of an image's directory. */
  async fact(key: string, find: () => Promise<string>): Promise<string> {
    const known = this.recall<{ readonly fact: string }>(key);
    if (known) return known.fact;
    const fact = await find();
    await this.remember(key, { fact });
    return fact;
  }

  /** What was remembered; undefined for a record that can't be read as well: then it is found out again. */
  recall<T>(key: string): T | undefined {
    try {
      // A hundred bytes: read at once, they cost a tenth of what handing them to another thread does.
      return JSON.parse(readFileSync(this.#file(key), "utf8")) as T;
    } catch {
      return undefined;
    }
  }

  async remember(key: string, record: unknown): Promise<void> {
    await writeAtomically(this.#file(key), JSON.stringify(record));
  }

  /** Runs `work` while nobody else, in this process or another, works on the same step. */
  exclusive<T>(key: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return this.#locks.exclusive(this.#lock(key), signal, work);
  }

  /** The same, for as long as the caller likes, if nobody else has it. @returns its release */
  tryExclusive(key: string): Promise<(() => Promise<void>) | undefined> {
    return this.#locks.tryExclusive(this.#lock(key));
  }

  /** What builds that were killed have left of their locks. */
  removeFreeLocks(): Promise<void> {
    return this.#locks.removeFree(path.join(this.#directory, "locks"));
  }

  /** Layers that records name, and those that builds use now. */
  async held(): Promise<ReadonlySet<string>> {
    return new Set([...(await this.recorded()), ...(await this.inUse())]);
  }

  async recorded(): Promise<ReadonlySet<string>> {
    const names = await readdir(path.join(this.#directory, "steps")).catch(() => []);
    const records = names.map((name) => this.recall<CacheRecord>(path.basename(name, ".json")));
    return new Set(records.flatMap((record) => record?.layer ?? []));
  }

  /** What is remembered of steps, oldest first; without a layer, it is a fact about files. */
  async records(): Promise<readonly { readonly key: string; readonly layer: string | undefined; readonly created: Date }[]> {
    const directory = path.join(this.#directory, "steps");
    const names = await readdir(directory).catch(() => []);
    const records = await Promise.all(
      names.map(async (name) => {
        if (!name.endsWith(".json")) return []; // just being written
        const key = path.basename(name, ".json");
        // Another process forgets while this one looks.
        const found = await stat(path.join(directory, name)).catch(() => undefined);
        return found ? [{ key, layer: this.recall<Partial<CacheRecord>>(key)?.layer, created: found.mtime }] : [];
      }),
    );
    return records.flat().sort((a, b) => a.created.getTime() - b.created.getTime() || (a.key < b.key ? -1 : 1));
  }

  /** Records of steps. */
  async count(): Promise<number> {
    return (await readdir(path.join(this.#directory, "steps")).catch(() => [])).length;
  }

  /** Names that builds, of this process and others, have said to use. */
  inUse(): Promise<ReadonlySet<string>> {
    return namesInUse(path.join(this.#directory, "in-use"));
  }

  /** Forgets everything. @returns how many records there were */
  async clear(): Promise<number> {
    const entries = await this.count();
    for (const part of ["steps", "contexts"]) await this.#clear(part);
    return entries;
  }

  /** Leaves the directory, and what a build that remembers something is just writing there. */
  async #clear(part: string): Promise<void> {
    const directory = path.join(this.#directory, part);
    const remove = (file: string): Promise<void> => rm(file, { recursive: true, force: true });
    const isTemporary = (name: string): boolean => name.endsWith(".tmp");
    for (const name of await readdir(directory).catch(() => [])) if (!isTemporary(name)) await remove(path.join(directory, name));
    await removeAbandoned(directory, isTemporary, remove);
  }

  #lock(key: string): string {
    return path.join(this.#directory, "locks", key);
  }

  #file(key: string): string {
    return path.join(this.#directory, "steps", `${key}.json`);
  }
}
