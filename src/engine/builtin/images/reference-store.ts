/** Names of images: one small file a name, so that no lock is needed to change one. Images without a name are kept under their id. */
import { readFileSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { writeAtomically } from "./atomic-file.js";

export interface ReferenceRecord {
  /** Canonical name; undefined for an image that has none. */
  readonly name: string | undefined;
  readonly manifest: string;
  /** Digest of the configuration: the image's id. */
  readonly config: string;
  /** `repository@digest`, as registries named it. */
  readonly repoDigests: readonly string[];
}

/** A hundred bytes: read at once, they cost a tenth of what handing them to another thread does. */
function readRecord(file: string): ReferenceRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ReferenceRecord;
  } catch {
    return undefined;
  }
}

export class ReferenceStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async get(name: string): Promise<ReferenceRecord | undefined> {
    try {
      return JSON.parse(readFileSync(this.#path(name), "utf8")) as ReferenceRecord;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT" || (error as NodeJS.ErrnoException).code === "ENOTDIR") return undefined;
      throw error;
    }
  }

  async put(record: ReferenceRecord): Promise<void> {
    await writeAtomically(this.#path(record.name ?? record.config), JSON.stringify(record));
  }

  async remove(record: ReferenceRecord): Promise<void> {
    await rm(this.#path(record.name ?? record.config), { force: true });
  }

  async list(): Promise<readonly ReferenceRecord[]> {
    return (await this.readAll()).records;
  }

  /** @returns also the names of files that are not what they should be */
  async readAll(): Promise<{ readonly records: readonly ReferenceRecord[]; readonly unreadable: readonly string[] }> {
    const files = (await readdir(this.#directory).catch(() => [])).filter((file) => file.endsWith(".json"));
    const read = files.map((file) => ({ file, record: readRecord(path.join(this.#directory, file)) }));
    return {
      records: read.flatMap(({ record }) => record ?? []),
      unreadable: read.filter(({ record }) => !record).map(({ file }) => decodeURIComponent(file.slice(0, -".json".length))),
    };
  }

  #path(name: string): string {
    return path.join(this.#directory, `${encodeURIComponent(name)}.json`);
  }
}
