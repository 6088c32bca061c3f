/** Compose files to engine calls. Loaded by the commands that need it, when they do: what parses YAML takes its time to load. */
export { stringify as yamlText } from "yaml";
export { plainOf } from "./files/tree.js";
export { loadProject, nameWithoutFiles } from "./load-project.js";
export type { Project } from "./model/project.js";
export { down, stopContainers } from "./run/down.js";
export { listProject, projectContainers } from "./run/project-containers.js";
export { untilAllReady, up } from "./run/up.js";
