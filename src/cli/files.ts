/** Files that commands read and write. */
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CaissonError } from "../engine/errors.js";
import type { Terminal } from "./terminal.js";
import { UsageError } from "./usage.js";

/** `-` is the standard input. @throws PATH_NOT_FOUND, UsageError */
export async function openInput(terminal: Terminal, file: string): Promise<Readable> {
  if (file === "-") {
    if (terminal.stdin.isTTY) throw new UsageError("The standard input is a terminal: name a file, or use a pipe");
    return terminal.stdin;
  }
  const handle = await open(file, "r").catch((cause: NodeJS.ErrnoException) => {
    throw new CaissonError("PATH_NOT_FOUND", `${file} can't be read: ${cause.message}`, { facts: { path: file }, cause });
  });
  return handle.createReadStream();
}

/** What was there stays until the new file is whole. */
export async function writeFileAtomically(file: string, data: Readable, signal: AbortSignal): Promise<void> {
  const partial = `${file}.${randomBytes(4).toString("hex")}.partial`;
  try {
    await pipeline(data, createWriteStream(partial, { flags: "wx" }), { signal });
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
