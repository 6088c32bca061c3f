/** `extends`: a service on top of another one, of the same file or another (compose-spec, 05-services.md). */
import { mergeNodes } from "./merge.js";
import { didYouMean, type Problems } from "./problems.js";
import { childOf, type Entry, type MapNode, type Node, placeText, textOf } from "./tree.js";

export interface ExtendContext {
  readonly problems: Problems;
  /** What is wrong with a file that is unreadable has been told. */
  readonly readOther: (file: string, directory: string) => Promise<MapNode | "absent" | "unreadable">;
}

export async function extendServices(tree: MapNode, context: ExtendContext): Promise<MapNode> {
  const services = childOf(tree, "services");
  if (services?.kind !== "map") return tree;
  const entries = new Map<string, Entry>();
  for (const [name, entry] of services.entries) {
    entries.set(name, { ...entry, value: await extended(name, entry.value, services, context, []) });
  }
  const section = tree.entries.get("services")!;
  return { ...tree, entries: new Map(tree.entries).set("services", { ...section, value: { ...services, entries } }) };
}

async function extended(name: string, service: Node, siblings: MapNode, context: ExtendContext, chain: readonly string[]): Promise<Node> {
  const extension = childOf(service, "extends");
  if (extension === undefined || service.kind !== "map") return service;
  const { problems } = context;
  const path = `services.${name}.extends`;
  const key = `${siblings.place.source.name} ${placeText(siblings.place)} ${name}`;
  if (chain.includes(key)) {
    problems.add(extension.place, path, "services that extend each other have no end");
    return without(service);
  }
  const found = await baseOf(extension, siblings, path, context);
  if (!found) return without(service);
  const base = await extended(found.name, found.node, found.siblings, context, [...chain, key]);
  // At the place where the rules for merging services hold.
  const merged = mergeNodes(base, without(service), problems, ["services", name]);
  return merged ?? without(service);
}

interface Base {
  readonly name: string;
  readonly node: Node;
  readonly siblings: MapNode;
}

async function baseOf(extension: Node, siblings: MapNode, path: string, context: ExtendContext): Promise<Base | undefined> {
  const { problems, readOther } = context;
  const wanted = textOf(extension) ?? textOf(childOf(extension, "service"));
  if (wanted === undefined) {
    problems.add(extension.place, path, "expected the name of a service, or a map with service and file");
    return undefined;
  }
  const fileNode = childOf(extension, "file");
  const file = textOf(fileNode);
  let among = siblings;
  if (file !== undefined && fileNode) {
    const other = await readOther(file, fileNode.place.source.directory);
    if (other === "unreadable") return undefined;
    const services = other === "absent" ? undefined : childOf(other, "services");
    if (services?.kind !== "map") {
      problems.add(fileNode.place, `${path}.file`, other === "absent" ? `the file ${file} is not there` : `${file} has no services`);
      return undefined;
    }
    among = services;
  }
  const node = among.entries.get(wanted)?.value;
  if (!node) {
    const where = file === undefined ? "" : ` in ${file}`;
    const hint = didYouMean(wanted, [...among.entries.keys()]);
    problems.add(extension.place, path, `there is no service ${JSON.stringify(wanted)}${where}${hint}`);
    return undefined;
  }
  return { name: wanted, node, siblings: among };
}

function without(service: MapNode): MapNode {
  const entries = new Map(service.entries);
  entries.delete("extends");
  return { ...service, entries };
}
