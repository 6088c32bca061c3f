/** Which files a project is made of, and the variables around them. */
import path from "node:path";
import { CaissonError } from "../../engine/errors.js";
import { EnvFileError, parseEnvFile } from "./env-file.js";
import type { FileAccess } from "./file-access.js";
import { Problems } from "./problems.js";

/** In the order in which docker's Compose looks for them. */
const DEFAULT_FILES = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const DEFAULT_OVERRIDES = ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

export interface ProjectOptions {
  /** `-` for the standard input. @default COMPOSE_FILE, else the default names, here and in the directories above */
  readonly files?: readonly string[] | undefined;
  /** @default COMPOSE_PROJECT_NAME, else the `name` of the files, else the name of the project's directory */
  readonly projectName?: string | undefined;
  /** @default COMPOSE_PROFILES */
  readonly profiles?: readonly string[] | undefined;
  /** @default `.env` in the project's directory */
  readonly envFiles?: readonly string[] | undefined;
  /** @default the directory of the first file */
  readonly projectDirectory?: string | undefined;
  /** Where the command was given. */
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface ProjectFiles {
  readonly files: readonly string[];
  /** Absolute. */
  readonly directory: string;
  /** The environment on top of the environment files. */
  readonly variables: Readonly<Record<string, string>>;
}

/** @throws PATH_NOT_FOUND, COMPOSE_INVALID for an environment file */
export async function findFiles(options: ProjectOptions, access: FileAccess): Promise<ProjectFiles> {
  const { workingDirectory, projectDirectory, environment } = options;
  const here = path.resolve(workingDirectory, projectDirectory ?? ".");
  // COMPOSE_FILE may stand in .env, too; that of the project's directory is known for sure only once the files are.
  const early = await readVariables(options, here, access);
  const named = options.files?.length ? options.files : filesOf(early);
  const files = named
    ? named.map((file) => (file === "-" ? file : path.resolve(workingDirectory, file)))
    : await defaultFiles(here, access);
  const [first = "-"] = files;
  const directory = projectDirectory !== undefined ? here : first === "-" ? path.resolve(workingDirectory) : path.dirname(first);
  const variables = directory === here ? early : await readVariables({ ...options, environment }, directory, access);
  return { files, directory, variables };
}

function filesOf(variables: Readonly<Record<string, string>>): string[] | undefined {
  const { COMPOSE_FILE: files, COMPOSE_PATH_SEPARATOR: separator = path.delimiter } = variables;
  return files ? files.split(separator) : undefined;
}

async function defaultFiles(from: string, access: FileAccess): Promise<string[]> {
  for (let directory = from; ; directory = path.dirname(directory)) {
    const found = await firstOf(directory, DEFAULT_FILES, access);
    if (found !== undefined) {
      const override = await firstOf(directory, DEFAULT_OVERRIDES, access);
      return override === undefined ? [found] : [found, override];
    }
    if (directory === path.dirname(directory)) break;
  }
  throw new CaissonError("PATH_NOT_FOUND", `There is no Compose file in ${from}, or in a directory above`, {
    facts: { path: path.join(from, DEFAULT_FILES[0]!) },
    evidence: [`Looked for: ${DEFAULT_FILES.join(", ")}`],
    remedy: "Go to the project's directory, or name the file with -f.",
  });
}

async function firstOf(directory: string, names: readonly string[], access: FileAccess): Promise<string | undefined> {
  for (const name of names) {
    const file = path.join(directory, name);
    if ((await access.read(file)) !== undefined) return file;
  }
  return undefined;
}

/** The environment wins over files, and later files over earlier ones. */
export async function readVariables(
  { envFiles, environment, workingDirectory }: Pick<ProjectOptions, "envFiles" | "environment" | "workingDirectory">,
  directory: string,
  access: FileAccess,
): Promise<Record<string, string>> {
  const own = Object.fromEntries(Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  let values: Record<string, string> = {};
  for (const file of envFiles?.length ? envFiles.map((name) => path.resolve(workingDirectory, name)) : [path.join(directory, ".env")]) {
    const text = await access.read(file);
    if (text === undefined) {
      if (!envFiles?.length) continue;
      throw new CaissonError("PATH_NOT_FOUND", `The environment file ${file} is not there`, { facts: { path: file } });
    }
    values = { ...values, ...readEnvText(text, file, { ...values, ...own }) };
  }
  return { ...values, ...own };
}

function readEnvText(text: string, file: string, known: Readonly<Record<string, string>>): Record<string, string> {
  try {
    return parseEnvFile(text, (name) => (Object.hasOwn(known, name) ? known[name] : undefined));
  } catch (error) {
    if (!(error instanceof EnvFileError)) throw error;
    const problems = new Problems();
    problems.add({ source: { name: file, directory: path.dirname(file) }, line: error.line, column: 1 }, "", error.message);
    problems.throwIfAny();
    throw error;
  }
}
