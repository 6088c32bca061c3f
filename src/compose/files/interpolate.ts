/**
 * Variables in the values of a Compose file: `$NAME`, `${NAME}` and their defaults, errors and alternatives, which may hold further
 * ones (https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md). Pure.
 */
import type { Problems } from "./problems.js";
import type { Entry, Node } from "./tree.js";

export type Lookup = (name: string) => string | undefined;

export class InterpolationError extends Error {}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const OPERATORS = [":-", ":?", ":+", "-", "?", "+"] as const;

/**
 * A dollar sign that begins nothing stands for itself.
 * @param unset told of variables that have neither value nor default: they are empty
 * @throws InterpolationError
 */
export function interpolate(template: string, lookup: Lookup, unset: (name: string) => void = () => {}): string {
  return new Interpolation(template, lookup, unset).all();
}

class Interpolation {
  readonly #text: string;
  readonly #lookup: Lookup;
  readonly #unset: (name: string) => void;
  #at = 0;

  constructor(text: string, lookup: Lookup, unset: (name: string) => void) {
    this.#text = text;
    this.#lookup = lookup;
    this.#unset = unset;
  }

  all(): string {
    return this.#words(true, false);
  }

  /** @param used false for a branch that is not taken: it is read, and nothing in it can fail for want of a value */
  #words(used: boolean, inBraces: boolean): string {
    let result = "";
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at]!;
      if (char === "}" && inBraces) return result;
      this.#at++;
      result += char === "$" ? this.#variable(used) : char;
    }
    return result;
  }

  #variable(used: boolean): string {
    const next = this.#text[this.#at];
    if (next === "$") {
      this.#at++;
      return "$";
    }
    if (next === "{") return this.#braced(used);
    const name = this.#name();
    return name === undefined ? "$" : this.#value(name, used);
  }

  #braced(used: boolean): string {
    const begin = this.#at - 1;
    this.#at++;
    const name = this.#name();
    if (name === undefined) throw this.#malformed(begin, "a variable's name is missing");
    const operator = OPERATORS.find((each) => this.#text.startsWith(each, this.#at));
    let result: string;
    if (operator === undefined) result = this.#text[this.#at] === "}" ? this.#value(name, used) : "";
    else {
      this.#at += operator.length;
      result = this.#operate(name, operator, used);
    }
    if (this.#text[this.#at] !== "}") throw this.#malformed(begin, "expected `}`, or one of :- - :? ? :+ + behind the name");
    this.#at++;
    return result;
  }

  #operate(name: string, operator: (typeof OPERATORS)[number], used: boolean): string {
    const value = this.#lookup(name);
    const isThere = operator.startsWith(":") ? value !== undefined && value !== "" : value !== undefined;
    const takesWord = operator.endsWith("+") ? isThere : !isThere;
    const word = this.#words(used && takesWord, true);
    if (operator.endsWith("+")) return isThere ? word : "";
    if (isThere) return value!;
    if (!operator.endsWith("?")) return word;
    if (!used) return "";
    throw new InterpolationError(`the variable ${name} is required and has no value${word === "" ? "" : `: ${word}`}`);
  }

  #value(name: string, used: boolean): string {
    const value = this.#lookup(name);
    if (value === undefined && used) this.#unset(name);
    return value ?? "";
  }

  #name(): string | undefined {
    NAME.lastIndex = this.#at;
    const [name] = NAME.exec(this.#text) ?? [];
    if (name !== undefined) this.#at += name.length;
    return name;
  }

  #malformed(begin: number, reason: string): InterpolationError {
    const excerpt = this.#text.slice(begin, begin + 40);
    return new InterpolationError(`${JSON.stringify(excerpt)} is no variable: ${reason}; a dollar sign of its own is written $$`);
  }
}

export interface TreeInterpolation {
  readonly lookup: Lookup;
  readonly unset: (name: string) => void;
  readonly problems: Problems;
}

/** All values of a tree; keys stay as they are. */
export function interpolateTree(node: Node, options: TreeInterpolation, path = ""): Node {
  if (node.kind === "list") return { ...node, items: node.items.map((item, index) => interpolateTree(item, options, `${path}[${index}]`)) };
  if (node.kind === "map") {
    const entries = [...node.entries].map(([key, { place, value }]): [string, Entry] => [
      key,
      { place, value: interpolateTree(value, options, path === "" ? key : `${path}.${key}`) },
    ]);
    return { ...node, entries: new Map(entries) };
  }
  if (typeof node.value !== "string" || !node.value.includes("$")) return node;
  try {
    const value = interpolate(node.value, options.lookup, options.unset);
    return { ...node, value, text: value };
  } catch (error) {
    if (!(error instanceof InterpolationError)) throw error;
    options.problems.addUnresolved(node.place, path, error.message);
    return node;
  }
}
