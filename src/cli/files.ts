/** Files that commands read and write. */
import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
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

/**
 * To be asked before what is to be written is made: that takes its time.
 * @throws PATH_NOT_FOUND, OPTION_INVALID
 */
export async function checkOutputFile(file: string): Promise<void> {
  const directory = await kindOf(path.dirname(file));
  if (!directory?.isDirectory())
    throw new CaissonError(
      "PATH_NOT_FOUND",
      `${file} can't be written: ${path.dirname(file)} is ${directory ? "no directory" : "not there"}`,
      {
        facts: { path: file },
        remedy: "Make the directory, or name a file in another one.",
      },
    );
  const there = await kindOf(file);
  // What is no file, such as /dev/null, would be replaced by one.
  if (there && !there.isFile())
    throw new CaissonError("OPTION_INVALID", `${file} can't be written: it is ${there.isDirectory() ? "a directory" : "no regular file"}`, {
      facts: { option: "--output", value: file },
      remedy: there.isDirectory() ? `Name a file, such as ${path.join(file, "archive.tar")}.` : "Leave the option out, and use a pipe.",
    });
}

async function kindOf(file: string): Promise<Stats | undefined> {
  return stat(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
    throw notWritable(file, cause);
  });
}

/** What was there stays until the new file is whole. @throws PATH_NOT_FOUND, OPTION_INVALID, COPY_FAILED, DISK_FULL, and what `data` fails with */
export async function writeFileAtomically(file: string, data: Readable, signal: AbortSignal): Promise<void> {
  const partial = `${file}.${randomBytes(4).toString("hex")}.partial`;
  try {
    await checkOutputFile(file);
    const handle = await open(partial, "wx");
    await pipeline(data, handle.createWriteStream(), { signal });
    await rename(partial, file);
  } catch (error) {
    // Nobody reads it any more.
    data.on("error", () => {}).destroy();
    await rm(partial, { force: true }).catch(() => {}); // what has failed is told
    throw notWritable(file, error);
  }
}

/** Names the user's path where writing it has failed, and lets other failures be. */
function notWritable(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CaissonError) return error;
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (code === undefined || !["open", "stat", "write", "rename"].includes(syscall ?? "")) return error;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new CaissonError("DISK_FULL", `No space left while writing ${file}`, { facts: { path: file }, cause: error });
  const [reason] = message.split(", ", 1);
  return new CaissonError("COPY_FAILED", `${file} can't be written: ${reason}`, { facts: { path: file, errno: code }, cause: error });
}
