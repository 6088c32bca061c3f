/** Finds the project that a command is about: by its files, or by its name alone where those are gone. */
import type { Project } from "../compose/model/project.js";
import { optionError } from "../engine/errors.js";
import type { Call, Values } from "./command.js";
import { type PROJECT_OPTIONS, projectFiles, projectOptions } from "./compose-flags.js";

export interface FoundProject {
  readonly name: string;
  /** Undefined where there are no files. */
  readonly project: Project | undefined;
}

/**
 * With the services of every profile: they may run.
 * @param services that must be in the files, where there are any
 * @throws OPTION_INVALID, and what `loadProject` throws
 */
export async function findProject(
  { values, terminal, environment }: { readonly values: Values<typeof PROJECT_OPTIONS> } & Pick<Call, "terminal" | "environment">,
  services: readonly string[],
): Promise<FoundProject> {
  const { loadProject, nameWithoutFiles } = await import("../compose/index.js");
  const [options, access] = [projectOptions(values, environment), projectFiles(terminal)];
  const nameAlone = await nameWithoutFiles(options, access);
  if (nameAlone !== undefined) return { name: nameAlone, project: undefined };
  const project = await loadProject({ ...options, profiles: ["*"], filesMayBeMissing: true }, access);
  const unknown = services.find((each) => !project.services.has(each));
  if (unknown !== undefined) throw optionError("service", unknown, "a service of the project", [...project.services.keys()]);
  return { name: project.name, project };
}
