/** What a build context is, on this host: a directory, or one that is fetched or unpacked first. */
import { mkdir } from "node:fs/promises";
import { ContextTree } from "../../../build-context/context-tree.js";
import { DigestCache } from "../../../build-context/digest-cache.js";
import type { IgnoreFile } from "../../../build-context/ignore-file.js";
import { type ContextPlace, existingDirectory, readDockerfile } from "../../../build-context/local-context.js";
import type { BuildContext, BuildOptions } from "../../../engine.js";
import { decompress } from "../../../oci/decompress.js";
import { type ContextParts, openRemote, textOfFile } from "./remote-context.js";

export interface OpenContext {
  readonly directory: string;
  readonly files: ContextTree;
  /** What is left out of `files`. */
  readonly ignore: IgnoreFile;
  readonly digests: DigestCache;
  /** The Dockerfile's name in messages. */
  readonly file: string;
  readonly text: string;
}

/** @throws PATH_NOT_FOUND, OPTION_INVALID, LAYER_INVALID, DISK_FULL, ABORTED */
export async function openContext(context: BuildContext, options: BuildOptions, parts: ContextParts): Promise<OpenContext> {
  const place = await placeOf(context, options, parts);
  const { directory } = place;
  const { file, text, ignore } = await readDockerfile(place, options);
  const digests = place.fetched ? DigestCache.forgetful() : await DigestCache.open(parts.cache.contexts, directory);
  return { directory, files: new ContextTree(directory, ignore, digests), ignore, digests, file, text };
}

async function placeOf(context: BuildContext, options: BuildOptions, parts: ContextParts): Promise<ContextPlace> {
  if (typeof context !== "string") {
    const directory = await parts.temporary();
    await parts.tools.unpack(directory, decompress(context.tar), { signal: parts.signal, keepOwner: false });
    return { directory, fetched: true };
  }
  const remote = await openRemote(context, options, parts);
  if (!remote) return { directory: await existingDirectory(context, "context"), fetched: false };
  if ("directory" in remote) return { directory: remote.directory, fetched: true };
  const directory = await parts.temporary();
  await mkdir(directory);
  return { directory, fetched: true, dockerfileText: await textOfFile(remote.file) };
}
