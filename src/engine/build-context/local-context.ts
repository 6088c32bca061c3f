/** A build context that is a directory of this host: where it is, and its Dockerfile and ignore file. */
import { readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";
import type { BuildOptions } from "../engine.js";
import { CaissonError, optionError } from "../errors.js";
import { IgnoreFile } from "./ignore-file.js";

export interface ContextPlace {
  readonly directory: string;
  /** It is gone after the build, and nothing outside of it may be read. */
  readonly fetched: boolean;
  /** A URL that is the Dockerfile itself. */
  readonly dockerfileText?: string | undefined;
}

export interface ReadDockerfile {
  /** Its name in messages. */
  readonly file: string;
  readonly text: string;
  /** What is left out of the context. */
  readonly ignore: IgnoreFile;
}

export const DEFAULT_DOCKERFILE = "Dockerfile";
export const IGNORE_FILE = ".dockerignore";

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

/** The Dockerfile's own ignore file comes before the context's. @throws PATH_NOT_FOUND, OPTION_INVALID */
export async function readDockerfile(
  { directory, fetched, ...place }: ContextPlace,
  options: Pick<BuildOptions, "dockerfile" | "dockerfileText">,
): Promise<ReadDockerfile> {
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
