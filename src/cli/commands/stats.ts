import type { ContainerService, ContainerStats } from "../../engine/engine.js";
import { isCaissonError } from "../../engine/errors.js";
import { defineCommand, JSON_OPTION } from "../command.js";
import { FORMAT_OPTION, formatRows } from "../format-template.js";
import { type SampledContainer, STATS_HEADINGS, statsColumns, statsRow } from "../stats-table.js";
import { printJson, printLine, printTable, type Terminal } from "../terminal.js";

const SHORT_ID = 12;
/** Shares of the processors are of this long. */
const INTERVAL_MS = 1000;
/** Clears the screen, and goes to its beginning (ECMA-48 ED, CUP). */
const CLEAR = "\u001b[2J\u001b[H";

export const stats = defineCommand({
  name: "stats",
  summary: "Show what containers use, again every second while one runs: those that run, or the named ones",
  operands: "[CONTAINER...]",
  least: 0,
  most: Number.POSITIVE_INFINITY,
  options: {
    all: { type: "boolean", short: "a", help: "those that do not run, too" },
    "no-stream": { type: "boolean", help: "once" },
    "no-trunc": { type: "boolean", help: "print whole ids" },
    format: FORMAT_OPTION,
    json: { ...JSON_OPTION, help: "print JSON, once" },
  },
  async run({ values, operands, terminal, lasting, signal }) {
    const { containers } = await lasting();
    const named = await Promise.all(operands.map(async (container) => ({ ...(await containers.inspect(container)), container })));
    const print = (sampled: readonly SampledContainer[]): void => {
      if (values.json) printJson(terminal, sampled);
      else printSampled(terminal, sampled, values);
    };
    for (;;) {
      const listed = async () =>
        (await containers.list({ all: values.all })).map((each) => ({ ...each, container: each.id.slice(0, SHORT_ID) }));
      const chosen = operands.length > 0 ? named : await listed();
      const sampled = await Promise.all(
        chosen.map(async ({ container, id, name }) => ({ container, id, name, stats: await sample(containers, id, signal) })),
      );
      if (signal.aborted) return 0;
      if (!values["no-stream"] && !values.json && terminal.stdout.isTTY) terminal.stdout.write(CLEAR);
      print(sampled);
      // Samples set the pace: without any there is nothing to wait for.
      if (values["no-stream"] || values.json || sampled.every(({ stats: taken }) => !taken)) return 0;
    }
  },
});

/** Two samples, as a share of the processors takes; undefined for a container that does not run, or is gone. */
async function sample(containers: ContainerService, id: string, signal: AbortSignal): Promise<ContainerStats | undefined> {
  let last: ContainerStats | undefined;
  try {
    for await (const stats of containers.stats(id, { intervalMs: INTERVAL_MS, signal })) {
      last = stats;
      if (stats.cpuPercent !== undefined) break;
    }
  } catch (error) {
    const gone = isCaissonError(error, "CONTAINER_NOT_RUNNING") || isCaissonError(error, "CONTAINER_NOT_FOUND");
    if (!signal.aborted && !gone) throw error;
  }
  return last;
}

function printSampled(
  terminal: Terminal,
  sampled: readonly SampledContainer[],
  { format, "no-trunc": whole }: { readonly format?: string | undefined; readonly "no-trunc"?: boolean | undefined },
): void {
  const rows = sampled.map((each) => statsColumns({ ...each, id: whole ? each.id : each.id.slice(0, SHORT_ID) }));
  if (format === undefined || format === "table") printTable(terminal, statsRow(STATS_HEADINGS), rows.map(statsRow));
  else for (const line of formatRows(format, rows, STATS_HEADINGS)) printLine(terminal, line);
}
