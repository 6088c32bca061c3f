/** Names of projects (compose-spec, 04-version-and-name.md): lower-case letters, digits, `-` and `_`, beginning with a letter or digit. Pure. */
import path from "node:path";
import { optionError } from "../../engine/errors.js";

const NAME = /^[a-z0-9][a-z0-9_-]*$/;

export function isProjectName(name: string): boolean {
  return NAME.test(name);
}

/** @throws OPTION_INVALID */
export function checkedProjectName(option: string, name: string): string {
  if (isProjectName(name)) return name;
  throw optionError(option, name, "lower-case letters, digits, - and _, beginning with a letter or digit");
}

/** That of the directory, without what a name can't have. @throws OPTION_INVALID where nothing of it is left */
export function nameOfDirectory(directory: string): string {
  const name = path
    .basename(directory)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, "")
    .replace(/^[_-]+/, "");
  return checkedProjectName("--project-name", name);
}
