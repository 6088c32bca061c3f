import type { ContainerFilters, ContainerStatus } from "../../engine/engine.js";
import { defineCommand, JSON_OPTION } from "../command.js";
import { CONTAINER_HEADINGS, containerColumns, containerTableRow, labelHeading, labelMethod } from "../container-table.js";
import { FILTER_OPTION, parseFilters } from "../filters.js";
import { FORMAT_OPTION, formatRows } from "../format-template.js";
import { parseNumber } from "../quantities.js";
import { printJson, printLine, printTable } from "../terminal.js";

const KNOWN = [
  "id",
  "name",
  "label",
  "status",
  "exited",
  "health",
  "ancestor",
  "before",
  "since",
  "publish",
  "expose",
  "network",
] as const satisfies readonly (keyof ContainerFilters)[];

export const ps = defineCommand({
  name: "ps",
  summary: "List containers that stay",
  operands: "",
  least: 0,
  most: 0,
  options: {
    all: { type: "boolean", short: "a", help: "those that do not run, too" },
    quiet: { type: "boolean", short: "q", help: "print ids alone" },
    filter: { ...FILTER_OPTION, help: `by one of ${KNOWN.join(", ")}` },
    format: FORMAT_OPTION,
    last: { type: "string", short: "n", value: "NUMBER", help: "the last so many that were made" },
    latest: { type: "boolean", short: "l", help: "the last one that was made" },
    "no-trunc": { type: "boolean", help: "print whole ids and commands" },
    size: { type: "boolean", short: "s", help: "how much they have written" },
    json: JSON_OPTION,
  },
  async run({ values, terminal, lasting }) {
    const limit = values.latest ? 1 : values.last === undefined ? undefined : parseNumber("last", values.last);
    const filters = containerFilters(parseFilters(values.filter, KNOWN));
    const { containers } = await lasting();
    const sized = values.size ?? false;
    const size = sized || /\.Size\b/.test(values.format ?? "");
    const newestFirst = [...(await containers.list({ all: values.all, limit, filters, size }))].reverse();
    const now = Date.now();
    const withLabel = (row: Readonly<Record<string, string>>, index: number) => ({ ...row, Label: labelMethod(newestFirst[index]!) });
    const rows = newestFirst.map((container) => containerColumns(container, { whole: values["no-trunc"] ?? false, now }));
    if (values.json) printJson(terminal, newestFirst);
    else if (values.quiet) for (const { ID: id = "" } of rows) printLine(terminal, id);
    else if (values.format !== undefined && values.format !== "table")
      for (const line of formatRows(values.format, rows.map(withLabel), { ...CONTAINER_HEADINGS, Label: labelHeading }))
        printLine(terminal, line);
    else {
      const cells = [CONTAINER_HEADINGS, ...rows].map((row) => containerTableRow(row, sized));
      printTable(terminal, cells[0]!, cells.slice(1));
    }
    return 0;
  },
});

function containerFilters(given: ReadonlyMap<string, readonly string[]>): ContainerFilters {
  const { exited, before, since, status, health, ...plain } = Object.fromEntries(given);
  return {
    ...plain,
    status: status as readonly ContainerStatus[] | undefined,
    health: health as ContainerFilters["health"],
    exited: exited?.map((code) => parseNumber("filter exited", code)),
    before: before?.[0],
    since: since?.[0],
  };
}
