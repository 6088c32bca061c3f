/**
 * One file on top of another (https://github.com/compose-spec/compose-spec/blob/main/13-merge.md): maps are merged key by key, lists
 * appended, all else replaced; where a list has something to tell its members apart, the later member takes the place of the earlier. Pure.
 */
import type { Problems } from "./problems.js";
import { splitPair, splitPort, splitVolume } from "./short-syntax.js";
import { childOf, type Entry, emptyMap, isNull, type ListNode, type MapNode, type Node, scalar, textOf } from "./tree.js";

type Rule =
  | { readonly how: "replace" }
  /** A map, which may be written as a list of `KEY<separator>VALUE`. */
  | { readonly how: "pairs"; readonly separator: string }
  /** A map, which may be written as a list of its keys. */
  | { readonly how: "names"; readonly value: (node: Node) => Node }
  /** A list, which may be one value alone. */
  | { readonly how: "list" }
  | { readonly how: "keyed"; readonly key: (item: Node) => string | undefined }
  /** A map, which may be written as the value of one of its keys. */
  | { readonly how: "short"; readonly key: string }
  | { readonly how: "logging" };

const PAIRS: Rule = { how: "pairs", separator: "=" };
const LIST: Rule = { how: "list" };
const REPLACE: Rule = { how: "replace" };
const nothing = (node: Node): Node => scalar(null, node.place);

const SERVICE_RULES: Readonly<Record<string, Rule>> = {
  command: REPLACE,
  entrypoint: REPLACE,
  "healthcheck.test": REPLACE,
  environment: PAIRS,
  labels: PAIRS,
  annotations: PAIRS,
  sysctls: PAIRS,
  "deploy.labels": PAIRS,
  build: { how: "short", key: "context" },
  "build.args": PAIRS,
  "build.labels": PAIRS,
  "build.additional_contexts": PAIRS,
  networks: { how: "names", value: nothing },
  depends_on: { how: "names", value: started },
  dns: LIST,
  dns_search: LIST,
  dns_opt: LIST,
  tmpfs: LIST,
  label_file: LIST,
  env_file: { how: "keyed", key: (item) => textOf(item) ?? textOf(childOf(item, "path")) },
  ports: { how: "keyed", key: portKey },
  expose: { how: "keyed", key: textOf },
  volumes: { how: "keyed", key: (item) => textOf(childOf(item, "target")) ?? splitVolume(textOf(item) ?? "")?.target },
  devices: { how: "keyed", key: (item) => textOf(childOf(item, "target")) ?? deviceTarget(textOf(item)) },
  secrets: { how: "keyed", key: (item) => grantTarget(item, "/run/secrets/") },
  configs: { how: "keyed", key: (item) => grantTarget(item, "/") },
  logging: { how: "logging" },
};

const OTHER_RULES: Readonly<Record<string, Rule>> = {
  "networks.*.labels": PAIRS,
  "volumes.*.labels": PAIRS,
  "networks.*.ipam.config": { how: "keyed", key: (item) => textOf(childOf(item, "subnet")) },
};

/** @returns undefined where nothing is left (`!reset`) */
export function mergeNodes(base: Node | undefined, over: Node, problems: Problems, path: readonly string[] = []): Node | undefined {
  if (over.tag === "reset") return undefined;
  if (over.tag === "override" || base === undefined) return settled(over);
  const rule = path.at(-1)?.startsWith("x-") ? REPLACE : ruleAt(path);
  if (rule?.how === "replace") return over;
  if (isNull(over)) return base.kind === "scalar" ? over : base;
  if (isNull(base)) return settled(over);
  const [below, above] = [shaped(base, rule), shaped(over, rule)];
  if (rule?.how === "logging" && otherDriver(below, above)) return above;
  if (below.kind === "map" && above.kind === "map") return mergeMaps(below, above, problems, path);
  if (below.kind === "list" && above.kind === "list") return mergeLists(below, above, rule);
  if (below.kind !== "scalar" && above.kind !== "scalar") {
    problems.add(over.place, path.join("."), `a ${over.kind} can't be merged with the ${base.kind} of an earlier file`);
  }
  return above;
}

/** Without the marks and values of `!reset` below it, which have nothing to take away. */
export function settled(node: Node): Node {
  if (node.kind === "scalar") return untagged(node);
  if (node.kind === "list") return { ...untagged(node), items: node.items.filter(({ tag }) => tag !== "reset").map(settled) };
  const entries = [...node.entries].filter(([, { value }]) => value.tag !== "reset");
  return { ...untagged(node), entries: new Map(entries.map(([key, entry]) => [key, { ...entry, value: settled(entry.value) }])) };
}

function untagged<T extends Node>(node: T): T {
  return node.tag === undefined ? node : { ...node, tag: undefined };
}

function mergeMaps(base: MapNode, over: MapNode, problems: Problems, path: readonly string[]): MapNode {
  const entries = new Map<string, Entry>(base.entries);
  for (const [key, { place, value }] of over.entries) {
    const merged = mergeNodes(base.entries.get(key)?.value, value, problems, [...path, key]);
    if (merged === undefined) entries.delete(key);
    else entries.set(key, { place, value: merged });
  }
  return { ...base, place: over.place, entries };
}

function mergeLists(base: ListNode, over: ListNode, rule: Rule | undefined): ListNode {
  const key = (item: Node): string | undefined => (rule?.how === "keyed" ? rule.key(item) : textOf(item));
  const items: Node[] = [...base.items];
  for (const item of over.items) {
    const name = key(item);
    const at = name === undefined ? -1 : items.findIndex((known) => key(known) === name);
    if (at === -1) items.push(settled(item));
    else items[at] = settled(item);
  }
  return { ...base, place: over.place, items };
}

function ruleAt([root, , ...rest]: readonly string[]): Rule | undefined {
  if (root === undefined || rest.length === 0) return undefined;
  if (root !== "services") return OTHER_RULES[[root, "*", ...rest].join(".")];
  if (rest.length === 2 && rest[0] === "ulimits") return undefined;
  if (rest.length === 1 && rest[0] === "extra_hosts") return undefined;
  const key = rest.join(".");
  return Object.hasOwn(SERVICE_RULES, key) ? SERVICE_RULES[key] : undefined;
}

/** A value in the one shape that is merged, of those in which it may be written. */
function shaped(node: Node, rule: Rule | undefined): Node {
  switch (rule?.how) {
    case "pairs":
      return node.kind === "list" ? mapOf(node, (text) => splitPair(text, rule.separator)) : node;
    case "names":
      return node.kind === "list" ? namesOf(node, rule.value) : node;
    case "short":
      return node.kind === "scalar"
        ? { ...emptyMap(node.place), entries: new Map([[rule.key, { place: node.place, value: node }]]) }
        : node;
    case "list":
    case "keyed":
      return node.kind === "scalar" ? { kind: "list", place: node.place, items: [node] } : node;
    default:
      return node;
  }
}

function mapOf(node: ListNode, split: (text: string) => readonly [string, string | undefined]): MapNode {
  const entries = node.items.map((item): [string, Entry] => {
    const [key, value] = split(textOf(item) ?? "");
    return [key, { place: item.place, value: scalar(value ?? null, item.place) }];
  });
  return { ...emptyMap(node.place), entries: new Map(entries) };
}

function namesOf(node: ListNode, value: (node: Node) => Node): MapNode {
  const entries = node.items.map((item): [string, Entry] => [textOf(item) ?? "", { place: item.place, value: value(item) }]);
  return { ...emptyMap(node.place), entries: new Map(entries) };
}

/** What `depends_on: [name]` means. */
function started({ place }: Node): MapNode {
  return { ...emptyMap(place), entries: new Map([["condition", { place, value: scalar("service_started", place) }]]) };
}

/** Options of one driver mean nothing to another. */
function otherDriver(base: Node, over: Node): boolean {
  const [before, after] = [textOf(childOf(base, "driver")), textOf(childOf(over, "driver"))];
  return before !== undefined && after !== undefined && before !== after;
}

function portKey(item: Node): string | undefined {
  if (item.kind === "scalar") {
    const port = splitPort(textOf(item) ?? "");
    return port && portName(port.hostIp, port.published, port.target, port.protocol);
  }
  const field = (name: string): string | undefined => textOf(childOf(item, name));
  return portName(field("host_ip"), field("published"), field("target"), field("protocol") ?? "tcp");
}

function portName(hostIp: string | undefined, published: string | undefined, target: string | undefined, protocol: string): string {
  return `${hostIp ?? "0.0.0.0"}:${published ?? ""}:${target ?? ""}/${protocol}`;
}

function deviceTarget(text: string | undefined): string | undefined {
  const [source, target] = text?.split(":") ?? [];
  return target ?? source;
}

function grantTarget(item: Node, directory: string): string | undefined {
  const source = textOf(item) ?? textOf(childOf(item, "source"));
  const target = textOf(childOf(item, "target")) ?? source;
  return target === undefined ? undefined : target.startsWith("/") ? target : `${directory}${target}`;
}
