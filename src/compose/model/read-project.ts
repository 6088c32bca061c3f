/** The merged files as a project. Reads the files with variables and labels that services name. */
import path from "node:path";
import { EnvFileError, parseEnvFile } from "../files/env-file.js";
import type { LoadContext } from "../files/load-files.js";
import { splitPair } from "../files/short-syntax.js";
import { emptyMap, type MapNode } from "../files/tree.js";
import { checkDependencies } from "./dependencies.js";
import { Field, ignored, type Keys, refused } from "./field.js";
import type { Project, ProjectNetwork, Service } from "./project.js";
import { checkGrantFiles, readGrants } from "./read-grants.js";
import { readNetwork, readVolume } from "./read-networks.js";
import { type EnvFileReference, type ReadService, readService } from "./read-service.js";

export interface ReadOptions {
  readonly name: string;
  readonly directory: string;
  readonly files: readonly string[];
  /** `*` for all. */
  readonly profiles: readonly string[];
  /** Enabled by name, whatever their profiles, which become active. */
  readonly wanted: readonly string[];
  readonly warnings: readonly string[];
  /** Those that services are given, or get variables and labels from. */
  readonly filesMayBeMissing: boolean;
}

const RESOURCE_NAME = /^[a-zA-Z0-9._-]+$/;

export async function readProject(tree: MapNode, options: ReadOptions, context: LoadContext): Promise<Project> {
  const { problems, variables } = context;
  const { name } = options;
  const sections: Record<string, Field> = {};
  const keep = (field: Field): void => {
    sections[field.path] = field;
  };
  const keys: Keys = {
    services: keep,
    networks: keep,
    volumes: keep,
    configs: keep,
    secrets: keep,
    name: ignored,
    // Of no meaning since the specification has none.
    version: ignored,
    include: ignored,
    models: refused("there is no runner of models"),
  };
  new Field(tree, "", problems).keys(keys);
  const networks = readAll(sections["networks"], (field, key) => readNetwork(field, key, name));
  const volumes = readAll(sections["volumes"], (field, key) => readVolume(field, key, name));
  const serviceNames = (sections["services"]?.kind === "map" ? sections["services"].entries() : []).map(([key]) => key);
  const configs = readGrants(sections["configs"], variables);
  const secrets = readGrants(sections["secrets"], variables);
  const read = readAll(sections["services"], (field, key) =>
    readService(field, key, {
      project: name,
      variables,
      home: variables["HOME"],
      volumes: new Set(volumes.keys()),
      networks: new Set(networks.keys()),
      services: serviceNames,
      configs,
      secrets,
    }),
  );
  if (read.size === 0 && !sections["services"]) problems.add(tree.place, "", "there are no services");
  const enabled = enabledNames(read, options);
  const services = new Map<string, Service>();
  for (const [key, each] of read) if (enabled.has(key)) services.set(key, await withFiles(each, options, context));
  if (!options.filesMayBeMissing) {
    const needed = new Map([...services.keys()].map((key) => [key, read.get(key)?.grants ?? []]));
    await checkGrantFiles(needed, (file) => context.access.exists(file));
  }
  const disabled = new Map([...read].flatMap(([key, { service }]) => (enabled.has(key) ? [] : [[key, service.profiles] as const])));
  checkDependencies(services, disabled, problems);
  return {
    name,
    directory: options.directory,
    files: options.files,
    services,
    disabled: [...disabled.keys()],
    networks: usedNetworks(services, networks, sections, context, name),
    volumes,
    tree,
    warnings: options.warnings,
  };
}

function readAll<T>(section: Field | undefined, read: (field: Field, key: string) => T): Map<string, T> {
  const all = new Map<string, T>();
  for (const [key, field] of section?.entries() ?? []) {
    if (key.startsWith("x-")) continue;
    if (!RESOURCE_NAME.test(key)) field.refuse(`${JSON.stringify(key)} is no name: letters, digits, and . _ - are`);
    all.set(key, read(field, key));
  }
  return all;
}

function enabledNames(read: ReadonlyMap<string, ReadService>, { profiles, wanted }: ReadOptions): Set<string> {
  const active = new Set([...profiles, ...wanted.flatMap((name) => read.get(name)?.service.profiles ?? [])]);
  const isEnabled = ({ service }: ReadService): boolean =>
    service.profiles.length === 0 || active.has("*") || service.profiles.some((profile) => active.has(profile));
  return new Set([...read].filter(([, each]) => isEnabled(each)).map(([name]) => name));
}

function usedNetworks(
  services: ReadonlyMap<string, Service>,
  declared: ReadonlyMap<string, ProjectNetwork>,
  sections: Readonly<Record<string, Field>>,
  { problems }: LoadContext,
  project: string,
): ReadonlyMap<string, ProjectNetwork> {
  const used = new Map<string, ProjectNetwork>();
  for (const { place, networks } of services.values()) {
    for (const key of networks.keys()) {
      const known = declared.get(key) ?? used.get(key);
      // Others than the default one are there, or have been told of.
      const at = sections["networks"]?.place ?? place;
      used.set(key, known ?? readNetwork(new Field(emptyMap(at), `networks.${key}`, problems), key, project));
    }
  }
  return used;
}

/** The variables of files below those of the service itself, as docker has it. */
async function withFiles(
  { service, envFiles, labelFiles, env }: ReadService,
  options: Pick<ReadOptions, "filesMayBeMissing">,
  context: LoadContext,
): Promise<Service> {
  const read = (file: EnvFileReference, variables: Readonly<Record<string, string>>) =>
    readReference(options.filesMayBeMissing ? { ...file, required: false } : file, variables, context);
  let fromFiles: Record<string, string> = {};
  for (const file of envFiles) fromFiles = { ...fromFiles, ...(await read(file, context.variables)) };
  let labels: Record<string, string> = {};
  for (const file of labelFiles) labels = { ...labels, ...(await read(file, {})) };
  return { ...service, spec: { ...service.spec, env: { ...fromFiles, ...env } }, labels: { ...labels, ...service.labels } };
}

async function readReference(
  { field, path: named, required, raw }: EnvFileReference,
  variables: Readonly<Record<string, string>>,
  { access }: LoadContext,
): Promise<Record<string, string>> {
  const file = path.resolve(field.node.place.source.directory, named);
  const text = await access.read(file);
  if (text === undefined) {
    if (required) field.problem(`the file ${file} is not there`);
    return {};
  }
  if (raw) return Object.fromEntries(rawLines(text));
  try {
    return parseEnvFile(text, (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined));
  } catch (error) {
    if (!(error instanceof EnvFileError)) throw error;
    field.problem(`${file}:${error.line}: ${error.message}`);
    return {};
  }
}

function rawLines(text: string): [string, string][] {
  return text.split(/\r?\n/).flatMap((line): [string, string][] => {
    if (line.trim() === "" || line.startsWith("#")) return [];
    const [name, value] = splitPair(line);
    return value === undefined ? [] : [[name, value]];
  });
}
