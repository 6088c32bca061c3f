/** YAML to a tree with places: anchors and `<<` resolved, `!reset` and `!override` kept. Pure. */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type ParsedNode,
  parseAllDocuments,
  type Node as YamlNode,
} from "yaml";
import type { Problems } from "./problems.js";
import type { Entry, MapNode, MergeTag, Node, Place, Source } from "./tree.js";

/** Aliases of aliases make a small file a huge one: no project has as many words. */
const MOST_NODES = 100_000;

const TAGS: readonly MergeTag[] = ["reset", "override"];

/** @returns one tree for each document of the file that is not empty; undefined where it is not YAML, whose first error is told */
export function parseYaml(text: string, source: Source, problems: Problems): Node[] | undefined {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, logLevel: "silent", customTags: mergeTags() });
  if (!Array.isArray(documents)) return [];
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { source, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const parsed = documents as Document.Parsed[];
  const [first] = parsed.flatMap(({ errors }) => errors).sort((a, b) => a.pos[0] - b.pos[0]);
  if (first) {
    // The others are mostly what follows from it: one quote that is missing is hundreds of errors.
    problems.add(placeAt(first.pos[0]), "", `not YAML: ${sentenceOf(first.message)}`);
    return undefined;
  }
  return parsed.flatMap((document) => {
    if (document.contents === null) return [];
    const root = new Reader(document, placeAt, problems).read(document.contents);
    return root === undefined || (root.kind === "scalar" && root.value === null) ? [] : [root];
  });
}

/** Known to the parser, so that it does not complain; what is behind them is read as if they were not there. */
function mergeTags() {
  return TAGS.flatMap((tag) =>
    (["map", "seq", undefined] as const).map((collection) => ({
      tag: `!${tag}`,
      ...(collection ? { collection } : {}),
      resolve: (value: unknown) => value,
    })),
  ) as never;
}

class Reader {
  #nodes = 0;
  readonly #document: Document.Parsed;
  readonly #placeAt: (offset: number) => Place;
  readonly #problems: Problems;
  /** Of the aliases that are being followed: one inside of itself has no end. */
  readonly #following = new Set<YamlNode>();

  constructor(document: Document.Parsed, placeAt: (offset: number) => Place, problems: Problems) {
    this.#document = document;
    this.#placeAt = placeAt;
    this.#problems = problems;
  }

  read(node: YamlNode | null, fallback?: Place): Node | undefined {
    const place = node?.range ? this.#placeAt(node.range[0]) : (fallback ?? this.#placeAt(0));
    if (++this.#nodes > MOST_NODES) {
      if (this.#nodes === MOST_NODES + 1) this.#problems.add(place, "", `more than ${MOST_NODES} values, aliases followed`);
      return undefined;
    }
    if (isAlias(node)) return this.#alias(node, place);
    const tag = TAGS.find((each) => (node as ParsedNode | null)?.tag === `!${each}`);
    const tagged = tag ? { tag } : {};
    if (isMap(node)) return { ...this.#map(node.items as Pair<ParsedNode, ParsedNode | null>[], place), ...tagged };
    if (isSeq(node)) {
      const items = node.items.flatMap((item) => this.read(item as YamlNode, place) ?? []);
      return { kind: "list", place, items, ...tagged };
    }
    if (node === null || !isScalar(node)) return { kind: "scalar", place, value: null, text: "" };
    const { value } = node;
    const text = node.source ?? String(value ?? "");
    const known = value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    return { kind: "scalar", place, value: known ? value : text, text, ...tagged };
  }

  #alias(node: YamlNode & { readonly source: string; resolve(document: Document): YamlNode | undefined }, place: Place): Node | undefined {
    const target = node.resolve(this.#document);
    if (target === undefined || this.#following.has(target)) {
      const reason = target === undefined ? "there is no such anchor above" : "the anchor contains itself";
      this.#problems.add(place, "", `*${node.source}: ${reason}`);
      return undefined;
    }
    this.#following.add(target);
    const read = this.read(target);
    this.#following.delete(target);
    return read;
  }

  #map(pairs: readonly Pair<ParsedNode, ParsedNode | null>[], place: Place): MapNode {
    const entries = new Map<string, Entry>();
    const merged: MapNode[] = [];
    for (const pair of pairs) {
      if (!isPair(pair)) continue;
      const { key, value } = pair;
      const keyPlace = key?.range ? this.#placeAt(key.range[0]) : place;
      if (!isScalar(key)) {
        this.#problems.add(keyPlace, "", "a key is a word, not a list or a map");
        continue;
      }
      if (key.value === "<<" && key.type === "PLAIN") merged.push(...this.#merged(value, keyPlace));
      else {
        const read = this.read(value, keyPlace);
        if (read) entries.set(key.value === null ? "" : String(key.source ?? key.value), { place: keyPlace, value: read });
      }
    }
    // What is written here wins over what is merged, and of that the first.
    for (const { entries: others } of merged) for (const [key, entry] of others) if (!entries.has(key)) entries.set(key, entry);
    return { kind: "map", place, entries };
  }

  #merged(value: YamlNode | null, place: Place): MapNode[] {
    const read = this.read(value, place);
    if (!read) return [];
    const maps = read.kind === "list" ? read.items : [read];
    return maps.flatMap((each) => {
      if (each.kind === "map") return [each];
      this.#problems.add(place, "", "`<<` merges a map, or a list of maps");
      return [];
    });
  }
}

/** Without the excerpt that the parser adds, and with a small first letter: it follows a colon. */
function sentenceOf(message: string): string {
  const [sentence = ""] = message.split(/ at line \d|\n/, 1);
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
