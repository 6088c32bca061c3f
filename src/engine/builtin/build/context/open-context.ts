/** What a build context is, on this host: a directory, or one that is fetched or unpacked first; and its Dockerfile and ignore file. */
import { mkdir, readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";
import type { BuildContext, BuildOptions } from "../../../engine.js";
import { CaissonError, optionError } from "../../../errors.js";
import { decompress } from "../../images/decompress.js";
import { ContextTree } from "./context-tree.js";
import { DigestCache } from "./digest-cache.js";
import { IgnoreFile } from "./ignore-file.js";
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

interface Place {
  readonly directory: string;
  /** It is gone after the build, and nothing outside of it may be read. */
  readonly fetched: boolean;
  /** A URL that is the Dockerfile itself. */
  readonly dockerfileText?: string | undefined;
}

const DEFAULT_DOCKERFILE = "Dockerfile";
const IGNORE_FILE = ".dockerignore";

/** @throws PATH_NOT_FOUND, OPTION_INVALID, LAYER_INVALID, DISK_FULL, ABORTED */
export async function openContext(context: BuildContext, options: BuildOptions, parts: ContextParts): Promise<OpenContext> {
  const place = await placeOf(context, options, parts);
  const { directory } = place;
  const { file, text, ignore } = await readDockerfile(place, options);
  const digests = place.fetched ? DigestCache.forgetful() : await DigestCache.open(parts.cache.contexts, directory);
  return { directory, files: new ContextTree(directory, ignore, digests), ignore, digests, file, text };
}

async function placeOf(context: BuildContext, options: BuildOptions, parts: ContextParts): Promise<Place> {
  if (typeof context !== "string") {
    const directory = await parts.temporary();
    await parts.tools.unpack(directory, decompress(context.tar), { signal: parts.signal });
    return { directory, fetched: true };
  }
  const remote = await openRemote(context, options, parts);
  if (!remote) return { directory: await existingDirectory(context, "context"), fetched: false };
  if ("directory" in remote) return { directory: remote.directory, fetched: true };
  const directory = await parts.temporary();
  await mkdir(directory);
  return { directory, fetched: true, dockerfileText: await textOfFile(remote.file) };
}

/** @param option its name in messages. @throws PATH_NOT_FOUND, OPTION_INVALID */
export async function existingDirectory(directory: string, option: string): Promise<string> {
  const found = await stat(directory).catch((cause: NodeJS.ErrnoException) => {
    throw new CaissonError("PATH_NOT_FOUND", `The build context ${directory} can't be read: ${cause.message}`, {
      facts: { path: directory },
      cause,
    });
  });
  if (!found.isDirectory()) throw optionError(option, directory, "a directory");
  return realpath(directory);
}

/** The Dockerfile's own ignore file comes before the context's. */
async function readDockerfile({ directory, fetched, ...place }: Place, options: BuildOptions) {
  const { dockerfile } = options;
  const file = dockerfile ?? DEFAULT_DOCKERFILE;
  const full = fetched ? path.join(directory, path.posix.normalize(`/${file}`)) : path.resolve(directory, file);
  const given = options.dockerfileText ?? place.dockerfileText;
  if (given !== undefined) {
    const own = dockerfile === undefined ? undefined : await readIgnore(`${full}.dockerignore`);
    return { file, text: given, ignore: own ?? (await readIgnoreFile(directory)) };
  }
  if (fetched) await refuseOutside(directory, full, file);
  const text = await readFile(full, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new CaissonError("PATH_NOT_FOUND", `The Dockerfile ${fetched ? file : full} can't be read: ${cause.message}`, {
      facts: { path: full },
      cause,
      remedy: dockerfile === undefined ? "Name it with the option `dockerfile` (-f)." : undefined,
    });
  });
  return { file, text, ignore: (await readIgnore(`${full}.dockerignore`)) ?? (await readIgnoreFile(directory)) };
}

/** What was fetched is somebody else's: a link in it must not show them this host's files. */
async function refuseOutside(directory: string, full: string, file: string): Promise<void> {
  const [real, root] = await Promise.all([realpath(full).catch(() => full), realpath(directory)]);
  if (real === full || real.startsWith(`${root}/`)) return;
  throw new CaissonError("PATH_NOT_FOUND", `The Dockerfile ${file} leads out of the context`, { facts: { path: file } });
}

/** A context's ignore file; one that ignores nothing where there is none. @throws OPTION_INVALID */
export async function readIgnoreFile(directory: string): Promise<IgnoreFile> {
  return (await readIgnore(path.join(directory, IGNORE_FILE))) ?? IgnoreFile.parse("");
}

async function readIgnore(file: string): Promise<IgnoreFile | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? undefined : IgnoreFile.parse(text, path.basename(file));
}
