import type { Outcome } from "./scenario.js";

/** Columns as wide as they must be. */
export function formatOutcomes(outcomes: readonly (readonly [string, Outcome])[]): string {
  const [first] = outcomes;
  if (!first) return "";
  const keys = Object.keys(first[1]) as (keyof Outcome)[];
  const rows = [["", ...keys], ...outcomes.map(([name, outcome]) => [name, ...keys.map((key) => String(outcome[key]))])];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "))
    .join("\n");
}
