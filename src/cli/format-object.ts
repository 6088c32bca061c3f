/** Docker's `--format` of what is one object and no list. */
import { executeTemplate } from "./go-template/execute-template.js";
import { printLine, type Terminal } from "./terminal.js";

export const OBJECT_FORMAT_OPTION = {
  type: "string",
  short: "f",
  value: "TEMPLATE",
  help: "json, or a template with docker's names, such as '{{.State.Status}}'",
} as const;

/** @throws UsageError for a template that can't be read */
export function printObject(terminal: Terminal, format: string, value: unknown): void {
  printLine(terminal, format === "json" ? JSON.stringify(value) : executeTemplate(format, value));
}
