/** `caisson build --output`: what was built, as files. */
import { mkdir } from "node:fs/promises";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Engine, ImageInspect } from "../engine/engine.js";
import type { Output } from "./build-options-from-flags.js";
import { checkOutputFile, writeFileAtomically } from "./files.js";
import type { Terminal } from "./terminal.js";
import { UsageError } from "./usage.js";

/** Before anything is built. @throws PATH_NOT_FOUND, OPTION_INVALID */
export async function checkOutput({ type, dest }: Output): Promise<void> {
  if (dest !== "-" && (type === "oci" || type === "docker" || type === "tar")) await checkOutputFile(dest);
}

/** @throws UsageError, PATH_NOT_FOUND, OPTION_INVALID, COPY_FAILED, DISK_FULL */
export async function writeOutput(
  engine: Engine,
  image: ImageInspect,
  { type, dest }: Output,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  if (type === "image") return;
  if (type === "oci" || type === "docker") {
    const archive = await engine.images.save([image.references[0] ?? image.id], { format: type, signal });
    return writeStream(archive, dest, terminal, signal);
  }
  await withRootfs(engine, image, async (tar) => {
    if (type === "tar") return writeStream(tar, dest, terminal, signal);
    await mkdir(dest, { recursive: true });
    const { unpack } = await import("./container-files.js");
    await unpack(tar, dest, { signal });
  });
}

async function writeStream(data: Readable, dest: string, terminal: Terminal, signal: AbortSignal): Promise<void> {
  if (dest !== "-") return writeFileAtomically(dest, data, signal);
  if (terminal.stdout.isTTY) throw new UsageError("An archive is not for the terminal: name a file with dest=, or use a pipe");
  await pipeline(data, terminal.stdout, { end: false, signal });
}

/** The root file system, read from a container that never runs. */
async function withRootfs(engine: Engine, image: ImageInspect, work: (tar: Readable) => Promise<void>): Promise<void> {
  const { id } = await engine.containers.create({ image: image.id, entrypoint: ["/"], user: "0" });
  try {
    await work(await engine.containers.copyOut(id, "/."));
  } finally {
    await engine.containers.remove(id, { force: true });
  }
}
