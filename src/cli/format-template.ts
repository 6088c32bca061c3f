/** Docker's `--format`: the part of Go's templates that people write for tables. Pure. */
import { UsageError } from "./usage.js";

export const FORMAT_OPTION = { type: "string", value: "TEMPLATE", help: "json, or a template such as '{{.ID}} {{.Names}}'" } as const;

/** One line for each row. @throws UsageError for a field that is not there */
export function formatRows(template: string, rows: readonly Readonly<Record<string, string>>[]): string[] {
  const shape = template
    .replace(/^table\s+/, "")
    .replaceAll("\\t", "\t")
    .replaceAll("\\n", "\n");
  if (shape === "json") return rows.map((row) => JSON.stringify(row));
  return rows.map((row) =>
    shape.replace(/\{\{\s*(.*?)\s*\}\}/g, (_, action: string) => {
      if (action === "json .") return JSON.stringify(row);
      const [, json, field = ""] = /^(json )?\.(\w+)$/.exec(action) ?? [];
      const value = Object.hasOwn(row, field) ? row[field] : undefined;
      if (value === undefined) throw new UsageError(`--format knows ${Object.keys(row).join(", ")}, not ${JSON.stringify(action)}`);
      return json ? JSON.stringify(value) : value;
    }),
  );
}
