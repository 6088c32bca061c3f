/** What a check has found: where, and by which rule. Whether anybody hears of it is check-options.ts's. */
import type { RuleName } from "./rules.js";

export interface Place {
  readonly line: number;
  readonly endLine: number;
}

export interface Finding extends Place {
  readonly rule: RuleName;
  readonly message: string;
  /** Comments above the instruction: a `# check=` among them counts for it. */
  readonly comments: readonly string[];
}

/** At an instruction, whose own comments count. */
export function at(place: Place & { readonly comments: readonly string[] }, rule: RuleName, message: string): Finding {
  const { line, endLine, comments } = place;
  return { rule, message, line, endLine, comments };
}

/** Of a rule that looks at the whole file: only the file's directive counts. */
export function inFile({ line, endLine }: Place, rule: RuleName, message: string): Finding {
  return { rule, message, line, endLine, comments: [] };
}

/** Go's `%q` of a string. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
