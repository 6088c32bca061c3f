/** Command line of `npm run bench`. Pure. */
import { parseArgs } from "node:util";

export interface BenchOptions {
  /** Names of benchmarks; all where empty. */
  readonly only: readonly string[];
  readonly runs: number | undefined;
  /** File for rows with every sample. */
  readonly json: string | undefined;
  readonly peers: boolean;
}

export const USAGE = `npm run bench -- [--only NAME,...] [--runs N] [--json FILE] [--no-peers]`;

/** @throws Error naming the option and what it takes */
export function parseOptions(args: readonly string[], names: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: "string" }, runs: { type: "string" }, json: { type: "string" }, "no-peers": { type: "boolean" } },
  });
  const only = values.only?.split(",") ?? [];
  for (const name of only) {
    if (!names.includes(name)) throw new Error(`--only takes ${names.join(", ")}; there is no ${JSON.stringify(name)}`);
  }
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  if (runs !== undefined && !(Number.isInteger(runs) && runs > 0)) throw new Error(`--runs takes a positive integer, not ${values.runs}`);
  return { only, runs, json: values.json, peers: !values["no-peers"] };
}
