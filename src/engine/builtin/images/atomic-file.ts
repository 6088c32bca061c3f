/** Files that are there whole or not at all: written beside their place and renamed into it. */
import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { inStore } from "./store-failure.js";

/** @throws DISK_FULL, STORE_UNWRITABLE */
export async function writeAtomically(file: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  await inStore(file, async () => {
    await mkdir(path.dirname(file), { recursive: true });
    try {
      await writeFile(temporary, content);
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}
