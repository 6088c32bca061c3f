/** Docker's `--filter` of the commands that remove what nothing needs. Pure. */
import type { PruneFilters } from "../engine/engine.js";
import { parseFilters } from "./filters.js";
import { parseMoment } from "./times.js";

export const PRUNE_FILTER_OPTION = {
  type: "string",
  multiple: true,
  value: "KEY=VALUE",
  help: "label=NAME[=VALUE], label!=NAME[=VALUE], until=TIME: only what was made before",
} as const;

/** Undefined where there are none. @throws UsageError */
export function pruneFilters(texts: readonly string[] | undefined): PruneFilters | undefined {
  if (!texts) return undefined;
  const given = parseFilters(texts, ["label", "label!", "until"]);
  const until = given.get("until")?.[0];
  return {
    label: given.get("label"),
    "label!": given.get("label!"),
    until: until === undefined ? undefined : parseMoment("filter until", until),
  };
}
