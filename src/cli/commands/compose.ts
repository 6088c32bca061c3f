/** Docker's `compose` commands: `up` and `down` by their longer names, and what looks at a project. */
import type { Project } from "../../compose/model/project.js";
import { type Command, type CommandGroup, defineCommand, JSON_OPTION } from "../command.js";
import { PROJECT_OPTIONS, projectFiles, projectOptions, warnings } from "../compose-flags.js";
import { printJson, printLine } from "../terminal.js";
import { composeLogs, composePs } from "./compose-views.js";
import { down } from "./down.js";
import { up } from "./up.js";

const config = defineCommand({
  name: "compose config",
  summary: "Check Compose files, and print what they say together",
  operands: "",
  least: 0,
  most: 0,
  options: {
    ...PROJECT_OPTIONS,
    quiet: { type: "boolean", short: "q", help: "check them alone" },
    services: { type: "boolean", help: "print the names of the services alone" },
    images: { type: "boolean", help: "print the names of the images alone" },
    profiles: { type: "boolean", help: "print the names of the profiles alone" },
    volumes: { type: "boolean", help: "print the names of the volumes alone" },
    json: JSON_OPTION,
  },
  async run(call) {
    const { values, terminal, environment } = call;
    const { loadProject, plainOf, yamlText } = await import("../../compose/index.js");
    const project = await loadProject(projectOptions(values, environment), projectFiles(terminal));
    for (const warning of project.warnings) warnings(call)(warning);
    const services = [...project.services.values()];
    if (values.quiet) return 0;
    const names = values.services
      ? services.map(({ name }) => name)
      : values.images
        ? services.map(({ image }) => image)
        : values.profiles
          ? services.flatMap(({ profiles }) => profiles)
          : values.volumes
            ? [...project.volumes.keys()]
            : undefined;
    if (names) for (const name of new Set(names)) printLine(terminal, name);
    else if (values.json) printJson(terminal, shown(project, plainOf(project.tree)));
    else terminal.stdout.write(yamlText(shown(project, plainOf(project.tree)), { lineWidth: 0, aliasDuplicateObjects: false }));
    return 0;
  },
});

/** The files together, variables filled in, without the services of other profiles. */
function shown({ name, disabled }: Project, tree: unknown): unknown {
  const { services, include: _, version: __, name: ___, ...rest } = tree as Record<string, unknown>;
  const enabled = Object.entries((services ?? {}) as Record<string, unknown>).filter(([service]) => !disabled.includes(service));
  return escaped({ name, services: Object.fromEntries(enabled), ...rest });
}

/** What is printed is a Compose file again: a dollar sign that is there must not begin a variable. */
function escaped(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("$", "$$$$");
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, escaped(each)]));
}

const longer = (command: Command): Command => ({ ...command, name: `compose ${command.name}` });

export const compose: CommandGroup = {
  name: "compose",
  summary: "Work with the projects of Compose files",
  options: PROJECT_OPTIONS,
  commands: [longer(up), longer(down), composePs, composeLogs, config],
};
