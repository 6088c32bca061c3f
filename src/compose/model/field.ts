/** One value of a Compose file, read as what it should be; what it is not becomes a problem with its place. */
import { parseDuration } from "../../engine/dockerfile/duration.js";
import { didYouMean, type Problems } from "../files/problems.js";
import { splitPair } from "../files/short-syntax.js";
import { isNull, type Node, type Place, type ScalarNode, textOf } from "../files/tree.js";

/** What reads the keys of a map; `x-` keys are everybody's own. */
export type Keys = Readonly<Record<string, (field: Field) => void>>;

const SIZE_FACTORS: Readonly<Record<string, number>> = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

export class Field {
  readonly node: Node;
  /** Of the key, where there is one. */
  readonly place: Place;
  readonly path: string;
  readonly problems: Problems;

  constructor(node: Node, path: string, problems: Problems, place: Place = node.place) {
    this.node = node;
    this.path = path;
    this.problems = problems;
    this.place = place;
  }

  get isNull(): boolean {
    return isNull(this.node);
  }

  get kind(): Node["kind"] {
    return this.node.kind;
  }

  problem(message: string): undefined {
    this.problems.add(this.node.place, this.path, message);
    return undefined;
  }

  /** Of the key itself. */
  refuse(reason: string): undefined {
    this.problems.add(this.place, this.path, reason);
    return undefined;
  }

  /** A word as it is written: numbers and booleans have one, too. */
  text(): string | undefined {
    return textOf(this.node) ?? this.problem(`expected text, not ${this.#describe()}`);
  }

  oneOf<T extends string>(allowed: readonly T[]): T | undefined {
    const text = this.text();
    const found = allowed.find((each) => each === text);
    if (found === undefined && text !== undefined)
      return this.problem(`expected one of ${allowed.join(", ")}, not ${JSON.stringify(text)}${didYouMean(text, allowed)}`);
    return found;
  }

  boolean(): boolean | undefined {
    const value = this.#scalar()?.value;
    if (typeof value === "boolean") return value;
    const text = typeof value === "string" ? value.toLowerCase() : "";
    if (["true", "yes", "on", "1", "y"].includes(text)) return true;
    if (["false", "no", "off", "0", "n"].includes(text)) return false;
    return this.problem(`expected true or false, not ${this.#describe()}`);
  }

  number(): number | undefined {
    const value = this.#scalar()?.value;
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    return typeof number === "number" && Number.isFinite(number) ? number : this.problem(`expected a number, not ${this.#describe()}`);
  }

  integer(least = Number.NEGATIVE_INFINITY): number | undefined {
    const number = this.number();
    if (number === undefined || (Number.isInteger(number) && number >= least)) return number;
    return this.problem(`expected a whole number${least === 0 ? " from 0" : least === 1 ? " from 1" : ""}, not ${this.#describe()}`);
  }

  /** A file's mode: octal where it begins with 0 or is quoted, as YAML 1.1 and docker's Compose have it. */
  mode(): number | undefined {
    const { value, text = "" } = this.#scalar() ?? {};
    const octal = /^(?:0o?)?([0-7]{1,4})$/.exec(text)?.[1];
    const mode = typeof value === "number" && !text.startsWith("0") ? value : octal === undefined ? undefined : Number.parseInt(octal, 8);
    if (mode !== undefined && Number.isInteger(mode) && mode >= 0 && mode <= 0o7777) return mode;
    return this.problem(`expected a mode such as 0440, not ${this.#describe()}`);
  }

  /** Bytes: a number, or with one of the units b, k, kb, m, mb, g, gb, of 1024. */
  bytes(): number | undefined {
    const text = textOf(this.node) ?? "";
    if (text === "-1") return -1;
    const [, amount, unit = "b"] = /^(\d+(?:\.\d+)?)\s*(?:([bkmgt])(?:i?b)?)?$/i.exec(text) ?? [];
    if (amount === undefined) return this.problem(`expected a size such as 512m or 2gb, not ${this.#describe()}`);
    return Math.round(Number(amount) * SIZE_FACTORS[unit.toLowerCase()]!);
  }

  /** Milliseconds of `1m30s`. */
  duration(): number | undefined {
    return parseDuration(textOf(this.node) ?? "") ?? this.problem(`expected a duration such as 1m30s or 500ms, not ${this.#describe()}`);
  }

  items(): Field[] {
    if (this.node.kind !== "list") {
      this.problem(`expected a list, not ${this.#describe()}`);
      return [];
    }
    return this.node.items.map((item, index) => new Field(item, `${this.path}[${index}]`, this.problems));
  }

  texts(): string[] {
    return this.items().flatMap((item) => item.text() ?? []);
  }

  /** A list, or one value alone. */
  textOrTexts(): string[] {
    return this.node.kind === "scalar" ? [this.text()].flatMap((text) => text ?? []) : this.texts();
  }

  itemsOrOne(): Field[] {
    return this.node.kind === "list" ? this.items() : [this];
  }

  /** The members of a map; with nothing behind its key there are none. */
  entries(): [string, Field][] {
    if (this.isNull) return [];
    if (this.node.kind !== "map") {
      this.problem(`expected a map, not ${this.#describe()}`);
      return [];
    }
    return [...this.node.entries].map(([key, { place, value }]) => [
      key,
      new Field(value, this.path === "" ? key : `${this.path}.${key}`, this.problems, place),
    ]);
  }

  /** A map with known keys. A key with nothing behind it is as good as absent. */
  keys(keys: Keys): void {
    const known = Object.keys(keys);
    for (const [key, field] of this.entries()) {
      if (key.startsWith("x-")) continue;
      const read = Object.hasOwn(keys, key) ? keys[key] : undefined;
      if (!read) field.refuse(`there is no such key${didYouMean(key, known)}`);
      else if (!field.isNull) read(field);
    }
  }

  /** A map of texts, or a list of `KEY=VALUE`; undefined for a key without a value. */
  pairs(): Record<string, string | undefined> {
    if (this.node.kind === "list") return Object.fromEntries(this.texts().map((text) => splitPair(text)));
    return Object.fromEntries(this.entries().map(([key, field]) => [key, field.isNull ? undefined : field.text()]));
  }

  /** Those of them that have a value; the others are empty. */
  filledPairs(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.pairs()).map(([key, value]) => [key, value ?? ""]));
  }

  #scalar(): ScalarNode | undefined {
    return this.node.kind === "scalar" ? this.node : undefined;
  }

  #describe(): string {
    if (this.node.kind !== "scalar") return `a ${this.node.kind}`;
    return this.node.value === null ? "nothing" : JSON.stringify(textOf(this.node));
  }
}

/** A key that is known and not served. */
export function refused(reason: string): (field: Field) => void {
  return (field) => void field.refuse(`not served: ${reason}`);
}

/** A key without an effect on one machine, or on the result. */
export function ignored(): void {}
