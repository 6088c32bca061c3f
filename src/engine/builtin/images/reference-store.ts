/** Names of images: one small file a name, so that no lock is needed to change one. Images without a name are kept under their id. */
import { readdir, readFile, rm } from "node:fs/promises";
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

export class ReferenceStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async get(name: string): Promise<ReferenceRecord | undefined> {
    try {
      return JSON.parse(await readFile(this.#path(name), "utf8")) as ReferenceRecord;
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
    const files = await readdir(this.#directory).catch(() => []);
    const records = await Promise.all(
      files
        .filter((file) => file.endsWith(".json"))
        .map((file) =>
          readFile(path.join(this.#directory, file), "utf8").then(
            (text) => JSON.parse(text) as ReferenceRecord,
            () => undefined,
          ),
        ),
    );
    return records.filter((record) => record !== undefined);
  }

  #path(name: string): string {
    return path.join(this.#directory, `${encodeURIComponent(name)}.json`);
  }
}
