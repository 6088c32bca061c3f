/** The functions of Go's templates, and docker's on top (docker's cli, templates/templates.go). Pure. */
import { UsageError } from "../usage.js";

type Function = (...values: readonly unknown[]) => unknown;

const text = (value: unknown): string => (typeof value === "string" ? value : printed(value));
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(text) : []);

export const FUNCTIONS: Readonly<Record<string, Function>> = {
  json: (value) => JSON.stringify(value ?? null),
  join: (list, separator) => texts(list).join(text(separator)),
  split: (value, separator) => text(value).split(text(separator)),
  lower: (value) => text(value).toLowerCase(),
  upper: (value) => text(value).toUpperCase(),
  title: (value) => text(value).replace(/\b\w/g, (letter) => letter.toUpperCase()),
  truncate: (value, length) => text(value).slice(0, Number(length)),
  pad: (value, before, after) => (text(value) === "" ? "" : " ".repeat(Number(before)) + text(value) + " ".repeat(Number(after))),
  println: (...values) => `${values.map(text).join(" ")}\n`,
  print: (...values) => values.map(text).join(""),
  printf: (format, ...values) => formatted(text(format), values),
  len: (value) => (typeof value === "string" || Array.isArray(value) ? value.length : Object.keys(objectOf(value)).length),
  index: (value, ...keys) => keys.reduce((within, key) => elementOf(within, key), value),
  slice: (value, ...bounds) => (value as string | unknown[]).slice(...bounds.map(Number)),
  not: (value) => !isTrue(value),
  // The last one where none is found.
  and: (...values) => values.at(values.findIndex((value) => !isTrue(value))),
  or: (...values) => values.at(values.findIndex(isTrue)),
  eq: (value, ...others) => others.some((other) => value === other),
  ne: (left, right) => left !== right,
  lt: (left, right) => (left as number) < (right as number),
  le: (left, right) => (left as number) <= (right as number),
  gt: (left, right) => (left as number) > (right as number),
  ge: (left, right) => (left as number) >= (right as number),
};

/** Zero, nothing and what is empty are not. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** As Go's fmt prints it. */
export function printed(value: unknown): string {
  if (value === undefined || value === null) return "<no value>";
  if (Array.isArray(value)) return `[${value.map(within).join(" ")}]`;
  if (typeof value !== "object") return String(value);
  const entries = Object.entries(value)
    .filter(([, each]) => typeof each !== "function")
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, each]) => `${key}:${within(each)}`).join(" ")}]`;
}

function within(value: unknown): string {
  return value === undefined || value === null ? "<nil>" : printed(value);
}

/** An element that is not there is nothing, as of Go's maps. @throws UsageError */
function elementOf(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) {
    const index = Number(key);
    if (!(index >= 0 && index < value.length)) throw new UsageError(`--format: there is no element ${String(key)} of ${value.length}`);
    return value[index];
  }
  const name = String(key);
  return Object.hasOwn(objectOf(value), name) ? objectOf(value)[name] : undefined;
}

export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** `%s`, `%v`, `%d`, `%q`, `%.12s`, `%-10s`. */
function formatted(format: string, values: readonly unknown[]): string {
  let next = 0;
  return format.replace(
    /%(-?)(\d*)(?:\.(\d+))?([svdqt%])/g,
    (_, left: string, width: string, precision: string | undefined, verb: string) => {
      if (verb === "%") return "%";
      const value = values[next++];
      const plain = verb === "q" ? JSON.stringify(text(value)) : text(value);
      const cut = precision === undefined ? plain : plain.slice(0, Number(precision));
      return left ? cut.padEnd(Number(width)) : cut.padStart(Number(width));
    },
  );
}
