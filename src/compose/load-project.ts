/** From options to a checked project: the door of this directory's files and model. */
import { isCaissonError } from "../engine/errors.js";
import type { FileAccess } from "./files/file-access.js";
import { findFiles, type ProjectOptions } from "./files/find-files.js";
import { type LoadContext, loadFiles } from "./files/load-files.js";
import { Problems } from "./files/problems.js";
import { childOf, type MapNode, textOf } from "./files/tree.js";
import type { Project } from "./model/project.js";
import { checkedProjectName, isProjectName, nameOfDirectory } from "./model/project-name.js";
import { readProject } from "./model/read-project.js";

export interface LoadOptions extends ProjectOptions {
  /** Services that are named by the caller: enabled whatever their profiles. */
  readonly wanted?: readonly string[] | undefined;
  /** Of what is looked at or taken down: files that containers were given need not be there any more. @default false */
  readonly filesMayBeMissing?: boolean | undefined;
}

/** @throws COMPOSE_INVALID with every problem of the files, PATH_NOT_FOUND, OPTION_INVALID for a name that can't be one */
export async function loadProject(options: LoadOptions, access: FileAccess): Promise<Project> {
  const { files, directory, variables } = await findFiles(options, access);
  const problems = new Problems();
  const unset = new Set<string>();
  const context: LoadContext = {
    access,
    problems,
    // Files may name the project, which is known before they are.
    variables: { ...variables, ...knownName(options, variables) },
    workingDirectory: options.workingDirectory,
    unset: (name) => unset.add(name),
  };
  const tree = await loadFiles(files, directory, context);
  problems.throwIfBroken();
  const name = projectName(options, variables, tree, directory, problems);
  const project = await readProject(
    tree,
    {
      name,
      directory,
      files,
      profiles: options.profiles?.length ? options.profiles : (variables["COMPOSE_PROFILES"]?.split(",").filter(Boolean) ?? []),
      wanted: options.wanted ?? [],
      filesMayBeMissing: options.filesMayBeMissing ?? false,
      warnings: [...unset].map((variable) => `The variable ${JSON.stringify(variable)} is not set, and stands for nothing.`),
    },
    context,
  );
  problems.throwIfAny();
  return project;
}

function knownName(options: ProjectOptions, variables: Readonly<Record<string, string>>): Record<string, string> {
  const name = options.projectName ?? variables["COMPOSE_PROJECT_NAME"];
  return name ? { COMPOSE_PROJECT_NAME: name } : {};
}

function projectName(
  { projectName: given }: ProjectOptions,
  variables: Readonly<Record<string, string>>,
  tree: MapNode,
  directory: string,
  problems: Problems,
): string {
  if (given !== undefined) return checkedProjectName("--project-name", given);
  const fromEnvironment = variables["COMPOSE_PROJECT_NAME"];
  if (fromEnvironment) return checkedProjectName("COMPOSE_PROJECT_NAME", fromEnvironment);
  const node = childOf(tree, "name");
  const inFile = textOf(node);
  if (node === undefined || inFile === undefined) return nameOfDirectory(directory);
  if (!isProjectName(inFile))
    problems.add(node.place, "name", `${JSON.stringify(inFile)} is no name of a project: lower-case letters, digits, - and _ are`);
  return inFile;
}

/** The name alone, where no file is needed: what a project has left behind can be taken down without it. */
export async function nameWithoutFiles(options: ProjectOptions, access: FileAccess): Promise<string | undefined> {
  const name = options.projectName ?? options.environment["COMPOSE_PROJECT_NAME"];
  if (!name || options.files?.length) return undefined;
  try {
    await findFiles(options, access);
    return undefined;
  } catch (error) {
    if (!isCaissonError(error, "PATH_NOT_FOUND")) throw error;
    return checkedProjectName("--project-name", name);
  }
}
