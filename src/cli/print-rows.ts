/** What commands that list print: docker's table, or what `--format` makes of each row. */
import { formatRows } from "./format-template.js";
import { printLine, printTable, type Terminal } from "./terminal.js";

type Row = Readonly<Record<string, unknown>>;

export interface Listing {
  readonly rows: readonly Row[];
  /** Of each field that a row has. */
  readonly headings: Readonly<Record<string, string>>;
  /** Fields of the table, in their order. */
  readonly table: readonly string[];
}

/** @throws UsageError for a template with a field that is not there */
export function printRows(terminal: Terminal, format: string | undefined, { rows, headings, table }: Listing): void {
  if (format !== undefined && format !== "table") {
    for (const line of formatRows(format, rows, headings)) printLine(terminal, line);
    return;
  }
  const cells = (row: Row): string[] => table.map((name) => String(row[name] ?? ""));
  printTable(terminal, cells(headings), rows.map(cells));
}

/** As docker has labels in one column. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}
