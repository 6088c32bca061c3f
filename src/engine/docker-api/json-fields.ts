/** Reading JSON of strangers: field by field, with the type that is expected. Names as Go's decoder takes them, in any case. Pure. */

/** A body that is no JSON, or not of the right shape. */
export class MalformedBody extends Error {
  override readonly name = "MalformedBody";
}

/** Deeper ones are refused: nothing of the API nests as deep. */
const DEPTH_MAX = 64;

/** @throws MalformedBody */
export function parseJson(text: string): unknown {
  // Before the parser sees it: a million brackets are small to send and large to keep.
  if (depthOf(text) > DEPTH_MAX) throw new MalformedBody(`invalid JSON: nested deeper than ${DEPTH_MAX}`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MalformedBody(`invalid JSON: ${(error as Error).message}`);
  }
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === "[" || token === "{") deepest = Math.max(deepest, ++depth);
    else if (token === "]" || token === "}") depth--;
  }
  return deepest;
}

type Test<T> = (value: unknown) => value is T;

const isText: Test<string> = (value) => typeof value === "string";
const isNumber: Test<number> = (value): value is number => typeof value === "number" && Number.isFinite(value);
const isFlag: Test<boolean> = (value) => typeof value === "boolean";
export const isObject: Test<Record<string, unknown>> = (value): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const listOf =
  <T>(test: Test<T>): Test<T[]> =>
  (value): value is T[] =>
    Array.isArray(value) && value.every(test);
const recordOf =
  <T>(test: Test<T>): Test<Record<string, T>> =>
  (value): value is Record<string, T> =>
    isObject(value) && Object.values(value).every(test);

/** One JSON object. What is absent or null reads as undefined; what has another type throws {@link MalformedBody}. */
export class Fields {
  readonly #values = new Map<string, unknown>();

  constructor(
    readonly json: unknown,
    readonly path = "",
  ) {
    if (json === undefined || json === null) return;
    if (!isObject(json)) throw new MalformedBody(`invalid JSON: expected ${path || "the body"} to be an object`);
    for (const [name, value] of Object.entries(json)) this.#values.set(name.toLowerCase(), value);
  }

  has(name: string): boolean {
    return (this.#values.get(name.toLowerCase()) ?? null) !== null;
  }

  any(name: string): unknown {
    return this.#values.get(name.toLowerCase()) ?? undefined;
  }

  text(name: string): string | undefined {
    return this.#read(name, isText, "a string");
  }

  /** An empty text says as little as none. */
  word(name: string): string | undefined {
    return this.text(name) || undefined;
  }

  number(name: string): number | undefined {
    return this.#read(name, isNumber, "a number");
  }

  /** Zero says as little as none. */
  amount(name: string): number | undefined {
    return this.number(name) || undefined;
  }

  flag(name: string): boolean | undefined {
    return this.#read(name, isFlag, "a boolean");
  }

  texts(name: string): readonly string[] | undefined {
    return this.#read(name, listOf(isText), "a list of strings");
  }

  /** A command, which may be given as one text. */
  words(name: string): readonly string[] | undefined {
    const value = this.any(name);
    return typeof value === "string" ? [value] : this.texts(name);
  }

  record(name: string): Readonly<Record<string, string>> | undefined {
    return this.#read(name, recordOf(isText), "an object of strings");
  }

  /** The keys of an object whose values say nothing. */
  keys(name: string): readonly string[] | undefined {
    const value = this.#read(name, isObject, "an object");
    return value && Object.keys(value);
  }

  object(name: string): Fields {
    return new Fields(this.any(name), this.#at(name));
  }

  objects(name: string): readonly Fields[] | undefined {
    const list = this.#read(name, listOf(isObject), "a list of objects");
    return list?.map((each, index) => new Fields(each, `${this.#at(name)}[${index}]`));
  }

  /** An object of objects; null stands for an empty one. */
  entries(name: string): readonly (readonly [string, Fields])[] {
    const value = this.#read(name, isObject, "an object") ?? {};
    return Object.entries(value).map(([key, each]) => [key, new Fields(each, `${this.#at(name)}.${key}`)] as const);
  }

  #read<T>(name: string, test: Test<T>, expected: string): T | undefined {
    const value = this.any(name);
    if (value === undefined || test(value)) return value as T | undefined;
    throw new MalformedBody(`invalid JSON: expected ${this.#at(name)} to be ${expected}`);
  }

  #at(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }
}
