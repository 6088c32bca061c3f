/** Projects of files that are in memory. */
import { type LoadOptions, loadProject } from "../../../src/compose/load-project.js";
import type { Project, Service } from "../../../src/compose/model/project.js";
import { isCaissonError } from "../../../src/engine/errors.js";

export const DIRECTORY = "/srv/shop";

export type Files = Readonly<Record<string, string>>;

/** @param files relative to the project's directory */
export function projectOf(files: string | Files, options: Partial<LoadOptions> = {}): Promise<Project> {
  const all = typeof files === "string" ? { "compose.yaml": files } : files;
  const inMemory = (path: string) => all[path.startsWith(`${DIRECTORY}/`) ? path.slice(DIRECTORY.length + 1) : path];
  return loadProject(
    { workingDirectory: DIRECTORY, environment: {}, ...options },
    {
      stdin: () => Promise.resolve(all["-"] ?? ""),
      read: (path) => Promise.resolve(inMemory(path)),
      exists: (path) => Promise.resolve(inMemory(path) !== undefined),
    },
  );
}

/** The service `web`. */
export async function webOf(files: string | Files, options: Partial<LoadOptions> = {}): Promise<Service> {
  return (await projectOf(files, options)).services.get("web")!;
}

/** What is wrong, as `FILE:LINE:COLUMN: PATH: MESSAGE`. */
export async function problemsOf(files: string | Files, options: Partial<LoadOptions> = {}): Promise<string[]> {
  try {
    await projectOf(files, options);
    return [];
  } catch (error) {
    if (!isCaissonError(error, "COMPOSE_INVALID")) throw error;
    return error.facts.problems.map(({ file, line, column, path, message }) => `${file}:${line}:${column}: ${path}: ${message}`);
  }
}
