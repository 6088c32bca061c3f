/** What a Compose file says, with the place of each word: as read, after interpolation, and after merging. */

export interface Source {
  /** As messages name it. */
  readonly name: string;
  /** Absolute; relative paths in the file begin there, wherever its words end up. */
  readonly directory: string;
}

/** Lines and columns count from 1. */
export interface Place {
  readonly source: Source;
  readonly line: number;
  readonly column: number;
}

/** `!reset` takes away what earlier files say, `!override` takes its place instead of being merged with it. */
export type MergeTag = "reset" | "override";

interface NodeBase {
  readonly place: Place;
  readonly tag?: MergeTag | undefined;
}

export interface ScalarNode extends NodeBase {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** As written: `0440`, where `value` is 440. */
  readonly text: string;
}

export interface ListNode extends NodeBase {
  readonly kind: "list";
  readonly items: readonly Node[];
}

export interface MapNode extends NodeBase {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  /** Of the key. */
  readonly place: Place;
  readonly value: Node;
}

export type Node = ScalarNode | ListNode | MapNode;

export function emptyMap(place: Place): MapNode {
  return { kind: "map", place, entries: new Map() };
}

export function scalar(value: ScalarNode["value"], place: Place): ScalarNode {
  return { kind: "scalar", value, text: value === null ? "" : String(value), place };
}

export function childOf(node: Node | undefined, ...keys: readonly string[]): Node | undefined {
  return keys.reduce<Node | undefined>((at, key) => (at?.kind === "map" ? at.entries.get(key)?.value : undefined), node);
}

/** The text of a scalar that is there. */
export function textOf(node: Node | undefined): string | undefined {
  return node?.kind === "scalar" && node.value !== null ? (typeof node.value === "string" ? node.value : node.text) : undefined;
}

export function isNull(node: Node): boolean {
  return node.kind === "scalar" && node.value === null;
}

/** As JSON has it. */
export function plainOf(node: Node): unknown {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(plainOf);
    case "map":
      return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, plainOf(value)]));
  }
}

export function placeText({ source, line, column }: Place): string {
  return `${source.name}:${line}:${column}`;
}
