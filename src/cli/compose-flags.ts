/** The flags by which a project is found, and what they say of it. */
import { text } from "node:stream/consumers";
import type { FileAccess } from "../compose/files/file-access.js";
import { fileSystem } from "../compose/files/file-access.js";
import type { ProjectOptions } from "../compose/files/find-files.js";
import type { Call, Values } from "./command.js";
import { openInput } from "./files.js";
import type { Terminal } from "./terminal.js";

export const PROJECT_OPTIONS = {
  file: {
    type: "string",
    short: "f",
    multiple: true,
    value: "FILE",
    help: "Compose file, `-` for the standard input; of several the later ones win; default: compose.yaml and its like",
  },
  "project-name": { type: "string", short: "p", value: "NAME", help: "name of the project; default: that of the directory" },
  profile: { type: "string", multiple: true, value: "NAME", help: "services of this profile, too; `*` for all" },
  "env-file": { type: "string", multiple: true, value: "FILE", help: "variables for the Compose files; default: .env" },
  "project-directory": { type: "string", value: "DIRECTORY", help: "where relative paths begin; default: that of the first file" },
} as const;

export function projectOptions(values: Values<typeof PROJECT_OPTIONS>, environment: NodeJS.ProcessEnv): ProjectOptions {
  return {
    files: values.file,
    projectName: values["project-name"],
    profiles: values.profile,
    envFiles: values["env-file"],
    projectDirectory: values["project-directory"],
    workingDirectory: process.cwd(),
    environment,
  };
}

export function projectFiles(terminal: Terminal): FileAccess {
  return fileSystem(async () => text(await openInput(terminal, "-")));
}

export function warnings({ terminal }: Pick<Call, "terminal">): (warning: string) => void {
  return (warning) => void terminal.stderr.write(`Warning: ${warning}\n`);
}
