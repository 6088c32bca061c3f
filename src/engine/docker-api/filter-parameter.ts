/** The `filters` parameter: `{"label":["a=b"]}`, or as older clients send it `{"label":{"a=b":true}}`. Pure. */
import { isObject, MalformedBody, parseJson } from "./json-fields.js";

export class FilterParameter {
  readonly #values = new Map<string, readonly string[]>();

  /** @throws MalformedBody for what is no filter, or for one that is not among those that are `accepted` */
  constructor(text: string | null | undefined, accepted: readonly string[]) {
    if (!text) return;
    const json = parseJson(text);
    if (!isObject(json)) throw new MalformedBody("invalid filter");
    for (const [name, values] of Object.entries(json)) {
      if (!accepted.includes(name)) throw new MalformedBody(`invalid filter '${name}'`);
      this.#values.set(name, valuesOf(values));
    }
  }

  /** Undefined where nobody asked. */
  get(name: string): readonly string[] | undefined {
    const values = this.#values.get(name);
    return values && values.length > 0 ? values : undefined;
  }

  first(name: string): string | undefined {
    return this.get(name)?.[0];
  }

  /** @throws MalformedBody */
  flag(name: string): boolean | undefined {
    const value = this.first(name);
    if (value === undefined) return undefined;
    if (["true", "1"].includes(value)) return true;
    if (["false", "0"].includes(value)) return false;
    throw new MalformedBody(`invalid filter '${name}=[${value}]'`);
  }

  /** One that must be among those that are known. @throws MalformedBody */
  choice<T extends string>(name: string, known: readonly T[]): readonly T[] | undefined {
    const values = this.get(name);
    const wrong = values?.find((value) => !known.includes(value as T));
    if (wrong !== undefined) throw new MalformedBody(`invalid filter '${name}=${wrong}'`);
    return values as readonly T[] | undefined;
  }
}

function valuesOf(values: unknown): readonly string[] {
  if (Array.isArray(values) && values.every((value) => typeof value === "string")) return values;
  if (isObject(values)) return Object.keys(values).filter((value) => values[value] !== false);
  throw new MalformedBody("invalid filter");
}
