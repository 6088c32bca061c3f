/** The files of a project as one tree: read, interpolated, merged, with `include` and `extends` carried out. */
import path from "node:path";
import { CaissonError } from "../../engine/errors.js";
import { extendServices } from "./extend-services.js";
import type { FileAccess } from "./file-access.js";
import { readVariables } from "./find-files.js";
import { interpolateTree, type Lookup } from "./interpolate.js";
import { mergeNodes, settled } from "./merge.js";
import { parseYaml } from "./parse-yaml.js";
import type { Problems } from "./problems.js";
import { childOf, type Entry, emptyMap, type MapNode, type Node, type Place, type Source, textOf } from "./tree.js";

export interface LoadContext {
  readonly access: FileAccess;
  readonly problems: Problems;
  readonly variables: Readonly<Record<string, string>>;
  /** File names in messages are relative to it. */
  readonly workingDirectory: string;
  /** Told of variables that have no value. */
  readonly unset: (name: string) => void;
}

/** What one file includes may include further ones. */
const DEEPEST_INCLUDE = 20;

/** @param files absolute, or `-`. @throws PATH_NOT_FOUND */
export async function loadFiles(files: readonly string[], directory: string, context: LoadContext, depth = 0): Promise<MapNode> {
  let merged: Node | undefined;
  let readable = true;
  for (const file of files) {
    const roots = await readTree(file, directory, context);
    readable &&= roots !== undefined;
    for (const root of roots ?? []) {
      merged = merged === undefined ? settled(root) : mergeNodes(merged, root, context.problems);
    }
  }
  const place: Place = { source: sourceOf(files[0] ?? "-", directory, context), line: 1, column: 1 };
  const tree = merged?.kind === "map" ? merged : emptyMap(merged?.place ?? place);
  // What others want of a file that can't be read is not known to be missing.
  if (!readable) return tree;
  const extended = await extendServices(tree, {
    problems: context.problems,
    readOther: async (file, base) => {
      const other = path.resolve(base, file);
      if ((await context.access.read(other)) === undefined) return "absent";
      const roots = await readTree(other, path.dirname(other), context);
      if (roots === undefined) return "unreadable";
      const all = roots.reduce<MapNode | undefined>((before, root) => {
        const both = before === undefined ? settled(root) : mergeNodes(before, root, context.problems);
        return both?.kind === "map" ? both : before;
      }, undefined);
      return all ?? emptyMap(place);
    },
  });
  return includeFiles(extended, context, depth);
}

function sourceOf(file: string, directory: string, { workingDirectory }: LoadContext): Source {
  if (file === "-") return { name: "<stdin>", directory };
  const relative = path.relative(workingDirectory, file);
  return { name: relative.startsWith("..") || relative === "" ? file : relative, directory };
}

/** @returns undefined where it is not YAML, which has been told */
async function readTree(file: string, directory: string, context: LoadContext): Promise<MapNode[] | undefined> {
  const { access, problems, variables, unset } = context;
  const text = file === "-" ? await access.stdin() : await access.read(file);
  if (text === undefined)
    throw new CaissonError("PATH_NOT_FOUND", `The Compose file ${file} is not there`, {
      facts: { path: file },
      remedy: "Name a file that is there with -f.",
    });
  const lookup: Lookup = (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined);
  return parseYaml(text, sourceOf(file, directory, context), problems)?.flatMap((root) => {
    if (root.kind === "map") return [interpolateTree(root, { lookup, unset, problems }) as MapNode];
    problems.add(root.place, "", `a Compose file is a map with services, not a ${root.kind}`);
    return [];
  });
}

const SECTIONS = ["services", "networks", "volumes", "configs", "secrets"] as const;

/** Each include is a project of its own, whose parts become parts of this one (compose-spec, 14-include.md). */
async function includeFiles(tree: MapNode, context: LoadContext, depth: number): Promise<MapNode> {
  const include = childOf(tree, "include");
  if (!include) return tree;
  const { problems } = context;
  if (include.kind !== "list") {
    problems.add(include.place, "include", "expected a list of files");
    return tree;
  }
  if (depth >= DEEPEST_INCLUDE) {
    problems.add(include.place, "include", "files that include each other have no end");
    return tree;
  }
  let result = tree;
  for (const [index, item] of include.items.entries()) {
    const loaded = await includeOne(item, `include[${index}]`, context, depth);
    if (loaded) result = importParts(result, loaded, problems);
  }
  return result;
}

const INCLUDE_KEYS = ["path", "project_directory", "env_file"];

async function includeOne(item: Node, at: string, context: LoadContext, depth: number): Promise<MapNode | undefined> {
  const { problems, access } = context;
  const base = item.place.source.directory;
  if (item.kind === "map")
    for (const [key, { place }] of item.entries)
      if (!INCLUDE_KEYS.includes(key)) problems.add(place, `${at}.${key}`, `there is no such key; known are ${INCLUDE_KEYS.join(", ")}`);
  const files = textsOf(item.kind === "map" ? childOf(item, "path") : item).map((file) => path.resolve(base, file));
  const [first] = files;
  if (first === undefined) {
    problems.add(item.place, at, "expected the path of a Compose file");
    return undefined;
  }
  for (const file of files) {
    if ((await access.read(file)) === undefined) {
      problems.add(item.place, at, `the file ${file} is not there`);
      return undefined;
    }
  }
  const named = textOf(childOf(item, "project_directory"));
  const directory = named === undefined ? path.dirname(first) : path.resolve(base, named);
  const envFiles = textsOf(childOf(item, "env_file")).map((file) => path.resolve(base, file));
  const variables = await readVariables({ envFiles, environment: context.variables, workingDirectory: base }, directory, access);
  return loadFiles(files, directory, { ...context, variables }, depth + 1);
}

function textsOf(node: Node | undefined): string[] {
  const nodes = node?.kind === "list" ? node.items : node ? [node] : [];
  return nodes.flatMap((each) => textOf(each) ?? []);
}

function importParts(tree: MapNode, included: MapNode, problems: Problems): MapNode {
  const entries = new Map<string, Entry>(tree.entries);
  for (const section of SECTIONS) {
    const parts = childOf(included, section);
    if (parts?.kind !== "map") continue;
    const own = entries.get(section);
    const merged = new Map<string, Entry>(own?.value.kind === "map" ? own.value.entries : []);
    for (const [name, entry] of parts.entries) {
      const known = merged.get(name);
      if (known && known.place.source !== entry.place.source && !(section === "networks" && name === "default"))
        problems.add(known.place, `${section}.${name}`, `the included file ${entry.place.source.name} has it, too`);
      else merged.set(name, entry);
    }
    entries.set(section, { place: own?.place ?? parts.place, value: { ...emptyMap(parts.place), entries: merged } });
  }
  return { ...tree, entries };
}
