/** Files on both sides of `cp`: tar streams of local paths, their way back to local paths, and what a path in a container is. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstat, mkdtemp, realpath, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { readTar, TAR_END, type TarEntry } from "../engine/build-context/tar-stream-codec.js";
import { tarFile } from "../engine/build-context/tree-tar.js";
import type { ContainerService } from "../engine/engine.js";
import { CaissonError, isCaissonError } from "../engine/errors.js";
import { lacksPipes } from "../engine/lacks-pipes.js";

export type PathKind = "directory" | "other" | "missing";

/** Links are followed. */
export async function localKind(file: string): Promise<PathKind> {
  const found = await stat(file).catch(() => undefined);
  if (found) return found.isDirectory() ? "directory" : "other";
  return "missing";
}

/** Links are followed: only what a directory holds can be asked for with `/.`. */
export async function containerKind(containers: ContainerService, container: string, file: string): Promise<PathKind> {
  if (await firstEntry(containers, container, `${file.replace(/\/+$/, "")}/.`)) return "directory";
  return (await firstEntry(containers, container, file)) ? "other" : "missing";
}

/** Undefined where nothing is there. */
export async function firstEntry(containers: ContainerService, container: string, file: string): Promise<TarEntry | undefined> {
  let tar: Readable;
  try {
    tar = await containers.copyOut(container, file);
  } catch (error) {
    if (isCaissonError(error, "PATH_NOT_FOUND")) return undefined;
    throw error;
  }
  try {
    for await (const { entry } of readTar(tar)) return entry;
    return undefined;
  } finally {
    tar.destroy();
  }
}

/** By the program tar, which knows every kind of file. @param follow the link that `file` may be @throws PATH_NOT_FOUND, COPY_FAILED */
export async function packLocal(file: string, { follow }: { readonly follow: boolean }): Promise<AsyncIterable<Buffer>> {
  const failed = (cause: Error): never => {
    throw new CaissonError("PATH_NOT_FOUND", `${file} can't be read: ${cause.message}`, { facts: { path: file }, cause });
  };
  const found = await (follow ? stat(file) : lstat(file)).catch(failed);
  // `tar -h` would follow the links below it, too.
  const real = follow ? await realpath(file) : path.resolve(file);
  const directory = found.isDirectory();
  const words = ["-c", "--format=pax", "-C", directory ? real : path.dirname(real), "--", directory ? "." : `./${path.basename(real)}`];
  return outputOf(words, file);
}

async function* outputOf(words: readonly string[], file: string): AsyncGenerator<Buffer> {
  const child = spawn("tar", words, { stdio: ["ignore", "pipe", "pipe"] });
  const problem = lacksPipes(child);
  if (problem) throw await problem;
  const said = textOf(child.stderr);
  const ended = once(child, "close") as Promise<[number | null]>;
  ended.catch(() => {});
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const [code] = await ended;
    if (code !== 0) throw new CaissonError("COPY_FAILED", `${file} can't be read: ${said()}`, { facts: { path: file } });
  } finally {
    child.kill();
  }
}

/** The same tar, whose first entry is the root of all, with another name for it; "" leaves the root out. */
export async function* rooted(tar: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Buffer> {
  const partsOf = (text: string): string[] => text.split("/").filter((part) => part !== "" && part !== ".");
  let depth: number | undefined;
  const place = (old: string): string => [name, ...partsOf(old).slice(depth)].filter((part) => part !== "").join("/");
  for await (const { entry, contents } of readTar(tar)) {
    depth ??= partsOf(entry.name).length;
    const named = place(entry.name);
    if (named === "") continue;
    const link = entry.type === "hardlink" ? place(entry.link) : entry.link;
    yield* tarFile({ ...entry, name: named, link }, () => contents);
  }
  yield TAR_END;
}

/**
 * What `copyOut` gave, at a local path. What has no place of its own yet is unpacked beside it first, so that it appears whole.
 * @throws COPY_FAILED
 */
export async function unpackLocal(
  tar: Readable,
  target: { readonly directory: string; readonly name: string },
  { keepOwner, signal }: { readonly keepOwner: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const staging = await mkdtemp(path.join(target.directory, ".caisson-cp-"));
  try {
    const rootName = "root";
    await unpack(Readable.from(rooted(tar, rootName)), staging, { keepOwner, signal });
    const end = path.join(target.directory, target.name);
    const from = path.join(staging, rootName);
    if ((await localKind(end)) === "directory")
      await unpack(Readable.from(outputOf(["-c", "--format=pax", "-C", from, "."], from)), end, { keepOwner, signal });
    else await rename(from, end);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** @param keepOwner @default for root alone. @throws COPY_FAILED, what the stream fails with */
export async function unpack(
  tar: Readable,
  directory: string,
  { keepOwner, signal }: { readonly keepOwner?: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const owner = keepOwner === undefined ? [] : [keepOwner ? "--same-owner" : "--no-same-owner"];
  const child = spawn("tar", ["-x", "--preserve-permissions", ...owner, "-C", directory], { stdio: ["pipe", "ignore", "pipe"], signal });
  const problem = lacksPipes(child);
  if (problem) throw await problem;
  const said = textOf(child.stderr);
  const ended = once(child, "close") as Promise<[number | null]>;
  let broken: unknown;
  const [[code]] = await Promise.all([
    ended,
    pipeline(tar, child.stdin).catch((error: NodeJS.ErrnoException) => {
      // It reads no further than the end of the archive, behind which there may be padding.
      if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_PREMATURE_CLOSE") broken = error;
    }),
  ]);
  if (code !== 0)
    throw new CaissonError("COPY_FAILED", `The files can't be written to ${directory}: ${said()}`, { facts: { path: directory } });
  if (broken !== undefined) throw broken;
}

function textOf(stream: Readable): () => string {
  let said = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  return () => said.trim();
}
