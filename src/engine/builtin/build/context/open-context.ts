/** What a build context is, on this host: a directory, a git repository, a tar that is unpacked first; and its Dockerfile and ignore file. */
import { readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";
import type { BuildContext, BuildOptions } from "../../../engine.js";
import { CaissonError, optionError } from "../../../errors.js";
import { decompress } from "../../images/decompress.js";
import type { LayerTools } from "../../images/layer-tools.js";
import { cloneRepository, isGit } from "../steps/add-remote.js";
import { ContextTree } from "./context-tree.js";
import { DigestCache } from "./digest-cache.js";
import { IgnoreFile } from "./ignore-file.js";

export interface OpenContext {
  readonly directory: string;
  readonly files: ContextTree;
  /** What is left out of `files`. */
  readonly ignore: IgnoreFile;
  readonly digests: DigestCache;
  /** Its name in messages. */
  readonly file: string;
  readonly text: string;
}

export interface ContextPlaces {
  /** Where digests are kept. */
  readonly store: string;
  /** A path for a directory that is gone with the build. */
  readonly temporary: () => Promise<string>;
  readonly tools: LayerTools;
  readonly signal: AbortSignal;
}

const DEFAULT_DOCKERFILE = "Dockerfile";

/** @throws PATH_NOT_FOUND, OPTION_INVALID, LAYER_INVALID, ABORTED */
export async function openContext(context: BuildContext, options: BuildOptions, places: ContextPlaces): Promise<OpenContext> {
  const directory = await directoryOf(context, places);
  const { file, text, ignore } = await readDockerfile(directory, options);
  const digests = await DigestCache.open(places.store, directory);
  return { directory, files: new ContextTree(directory, ignore, digests), ignore, digests, file, text };
}

/** A further context that is a directory. */
export async function openNamedContext(
  name: string,
  directory: string,
  store: string,
): Promise<{ files: ContextTree; digests: DigestCache }> {
  const real = await existingDirectory(directory, `contexts.${name}`);
  const digests = await DigestCache.open(store, real);
  return {
    files: new ContextTree(real, (await readIgnoreFile(path.join(real, ".dockerignore"))) ?? IgnoreFile.parse(""), digests),
    digests,
  };
}

async function directoryOf(context: BuildContext, { temporary, tools, signal }: ContextPlaces): Promise<string> {
  if (typeof context !== "string") {
    const place = await temporary();
    await tools.unpack(place, decompress(context.tar), { signal });
    return place;
  }
  if (!isGit(context)) return existingDirectory(context, "context");
  const { directory } = await cloneRepository(context, await temporary(), true, signal).catch((cause: unknown) => {
    throw new CaissonError("PATH_NOT_FOUND", `The context ${context} can't be cloned: ${(cause as Error).message}`, {
      facts: { path: context },
      cause,
    });
  });
  return directory;
}

async function existingDirectory(directory: string, option: string): Promise<string> {
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
async function readDockerfile(directory: string, { dockerfile, dockerfileText }: BuildOptions) {
  const file = dockerfile ?? DEFAULT_DOCKERFILE;
  const full = path.resolve(directory, file);
  const text =
    dockerfileText ??
    (await readFile(full, "utf8").catch((cause: NodeJS.ErrnoException) => {
      throw new CaissonError("PATH_NOT_FOUND", `The Dockerfile ${full} can't be read: ${cause.message}`, {
        facts: { path: full },
        cause,
        remedy: dockerfile === undefined ? "Name it with the option `dockerfile` (-f)." : undefined,
      });
    }));
  const own = dockerfileText === undefined || dockerfile !== undefined ? await readIgnoreFile(`${full}.dockerignore`) : undefined;
  return { file, text, ignore: own ?? (await readIgnoreFile(path.join(directory, ".dockerignore"))) ?? IgnoreFile.parse("") };
}

async function readIgnoreFile(file: string): Promise<IgnoreFile | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? undefined : IgnoreFile.parse(text, path.basename(file));
}
