/** Files that are there whole or not at all: written beside their place and renamed into it. */
import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { inStore } from "./store-failure.js";

/** So few bytes cost less than handing them to another thread, five times over. */
const SMALL = 4096;

/** Whether a file is one on its way, of somebody who was killed if it is old. */
export function isHalfWritten(name: string): boolean {
  return /\.[0-9a-f]{12}\.tmp$/.test(name);
}

/** @throws DISK_FULL, STORE_UNWRITABLE */
export async function writeAtomically(file: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  if (content.length <= SMALL) return inStore(file, async () => writeAtOnce(file, temporary, content));
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

function writeAtOnce(file: string, temporary: string, content: string | Uint8Array): void {
  mkdirSync(path.dirname(file), { recursive: true });
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
