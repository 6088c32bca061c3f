/**
 * What outlives a session, one JSON file each: containers, networks. Written whole and in order; what is asked for while a file is being
 * written is written once more after it. Nothing here knows what is in them.
 */
import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { writeAtomically } from "../../images/atomic-file.js";
import { privateDirectory } from "../../images/private-directory.js";
import { inStore } from "../../images/store-failure.js";

const SUFFIX = ".json";

export interface LoadedFiles {
  readonly contents: readonly unknown[];
  /** Files that are none of ours or broken, a line each: they stay where they are. */
  readonly problems: readonly string[];
}

export class JsonFiles {
  readonly #directory: string;
  readonly #writing = new Map<string, Promise<void>>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @param content asked for when its turn has come; undefined: nothing is to be written any more. @throws DISK_FULL, STORE_UNWRITABLE */
  save(id: string, content: () => object | undefined): Promise<void> {
    return this.#inOrder(id, async () => {
      const value = content();
      if (value === undefined) return;
      await inStore(this.#directory, () => privateDirectory(this.#directory));
      await writeAtomically(this.#file(id), JSON.stringify(value));
    });
  }

  forget(id: string): Promise<void> {
    return this.#inOrder(id, () => rm(this.#file(id), { force: true }));
  }

  async load(): Promise<LoadedFiles> {
    const contents: unknown[] = [];
    const problems: string[] = [];
    const names = await readdir(this.#directory).catch((error: NodeJS.ErrnoException) => {
      // What can't be read must not pass for what is not there.
      if (error.code !== "ENOENT") problems.push(`${this.#directory}: ${error.message}`);
      return [];
    });
    for (const name of names.filter((each) => each.endsWith(SUFFIX)).sort()) {
      try {
        contents.push(JSON.parse(await readFile(path.join(this.#directory, name), "utf8")));
      } catch (error) {
        problems.push(`${path.join(this.#directory, name)}: ${(error as Error).message}`);
      }
    }
    return { contents, problems };
  }

  #file(id: string): string {
    return path.join(this.#directory, `${id}${SUFFIX}`);
  }

  #inOrder(id: string, work: () => Promise<void>): Promise<void> {
    const before = this.#writing.get(id);
    const result = before ? before.catch(() => {}).then(work) : work();
    this.#writing.set(id, result);
    const done = (): void => {
      if (this.#writing.get(id) === result) this.#writing.delete(id);
    };
    result.then(done, done);
    return result;
  }
}
