/** Docker's `--format` of tables and lists. Pure. */
import { executeTemplate } from "./go-template/execute-template.js";

export const FORMAT_OPTION = { type: "string", value: "TEMPLATE", help: "json, or a template such as '{{.ID}} {{.Names}}'" } as const;

/** Go's tabwriter as docker's command line sets it up (cli/command/formatter/tabwriter): least width of a column, and space after it. */
const LEAST_WIDTH = 10;
const PADDING = 3;

/** A function is called with the words that follow its name, `{{.Label "x"}}`, and is not in JSON; numbers and lists are themselves there. */
type Row = Readonly<Record<string, unknown>>;

/**
 * One line for each row; `table TEMPLATE` puts headings above them, and aligns what tabs divide.
 * @param headings by field
 * @throws UsageError for a field that is not there
 */
export function formatRows(template: string, rows: readonly Row[], headings: Row): string[] {
  const isTable = /^table\s/.test(template);
  const shape = template
    .replace(/^table\s+/, "")
    .replaceAll("\\t", "\t")
    .replaceAll("\\n", "\n");
  if (shape === "json") return rows.map((row) => JSON.stringify(row));
  return isTable ? aligned([headings, ...rows].map((row) => executeTemplate(shape, row))) : rows.map((row) => executeTemplate(shape, row));
}

/** A tab ends a cell; what follows the last one is in no column. */
function aligned(lines: readonly string[]): string[] {
  const cells = lines.map((line) => line.split("\t"));
  const widthOf = (column: number): number =>
    Math.max(LEAST_WIDTH, ...cells.map((line) => (column < line.length - 1 ? line[column]!.length + PADDING : 0)));
  const widths = Array.from({ length: Math.max(...cells.map((line) => line.length)) - 1 }, (_, column) => widthOf(column));
  return cells.map((line) => line.map((cell, column) => (column < line.length - 1 ? cell.padEnd(widths[column]!) : cell)).join(""));
}
