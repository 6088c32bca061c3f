/** What loading needs of the outside, so that it can be tested as data. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";

export interface FileAccess {
  /** @returns undefined where there is no such file. @throws what else keeps it from being read */
  read(path: string): Promise<string | undefined>;
  /** Whatever it is. */
  exists(path: string): Promise<boolean>;
  /** The standard input, for the file name `-`. */
  stdin(): Promise<string>;
}

export function fileSystem(stdin: () => Promise<string>): FileAccess {
  return {
    stdin,
    exists: async (path) => existsSync(path),
    async read(path) {
      try {
        return await readFile(path, "utf8");
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
        throw error;
      }
    },
  };
}
