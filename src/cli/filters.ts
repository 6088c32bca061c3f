/** Docker's `--filter KEY=VALUE`. Pure. */
import { splitAt } from "./split-at.js";
import { UsageError } from "./usage.js";

export type Filters = ReadonlyMap<string, readonly string[]>;

export const FILTER_OPTION = { type: "string", short: "f", multiple: true, value: "KEY=VALUE" } as const;

/** @throws UsageError */
export function parseFilters(texts: readonly string[] = [], known: readonly string[]): Filters {
  const filters = new Map<string, string[]>();
  for (const text of texts) {
    const index = text.indexOf("=");
    const key = text.slice(0, index);
    if (index < 0 || !known.includes(key))
      throw new UsageError(`--filter takes KEY=VALUE with one of ${known.join(", ")}, not ${JSON.stringify(text)}`);
    filters.set(key, [...(filters.get(key) ?? []), text.slice(index + 1)]);
  }
  return filters;
}

/** `a` for any value of it, `a=b` for that one. */
export function labelFilter(texts: readonly string[] = []): Readonly<Record<string, string | true>> {
  return Object.fromEntries(texts.map((text) => (text.includes("=") ? splitAt(text, "=") : [text, true])));
}

/** @throws UsageError */
export function parseBoolean(option: string, text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === "true" || text === "1") return true;
  if (text === "false" || text === "0") return false;
  throw new UsageError(`--filter ${option} takes true or false, not ${JSON.stringify(text)}`);
}
