/** `skip=A,B;experimental=C;error=true`: of the directive `# check=`, of the build argument, and of comments above instructions. */
import { parseDirective } from "../logical-lines.js";
import type { Finding } from "./finding.js";
import { RULES } from "./rules.js";

export interface CheckOptions {
  readonly skip: readonly string[] | "all";
  readonly experimental: readonly string[] | "all";
  /** What is found fails the build. */
  readonly error: boolean;
}

/** What is wrong with the text; the caller knows where it stands. */
export class CheckOptionsInvalid extends Error {}

const TRUE = ["1", "t", "T", "TRUE", "true", "True"];
const FALSE = ["0", "f", "F", "FALSE", "false", "False"];

/** Options that come twice count as they come last. @throws CheckOptionsInvalid */
export function parseCheckOptions(text: string): CheckOptions {
  let options: CheckOptions = { skip: [], experimental: [], error: false };
  if (text.trim() === "") return options;
  for (const part of text.trim().split(";")) {
    const equals = part.indexOf("=");
    if (equals === -1) throw new CheckOptionsInvalid(`invalid check option ${JSON.stringify(part)}`);
    const key = part.slice(0, equals).trim();
    const value = part.slice(equals + 1).trim();
    if (key === "skip" || key === "experimental") options = { ...options, [key]: value === "all" ? "all" : namesOf(value) };
    else if (key !== "error") throw new CheckOptionsInvalid(`invalid check option ${JSON.stringify(key)}`);
    else if (TRUE.includes(value) || FALSE.includes(value)) options = { ...options, error: TRUE.includes(value) };
    else throw new CheckOptionsInvalid(`failed to parse check option ${JSON.stringify(part)}: neither true nor false`);
  }
  return options;
}

function namesOf(list: string): string[] {
  return list.split(",").map((name) => name.trim());
}

/** Whether the finding is to be told. */
export function isWanted(options: CheckOptions, { rule, comments }: Finding): boolean {
  const all = [options, commentOptions(comments)];
  if (RULES[rule].experimental) return all.some((each) => each !== undefined && names(each.experimental, rule));
  return !all.some((each) => each !== undefined && names(each.skip, rule));
}

function names(list: CheckOptions["skip"], rule: string): boolean {
  return list === "all" || list.includes(rule);
}

/** Of the first comment that is a check's; one that can't be understood changes nothing. */
function commentOptions(comments: readonly string[]): CheckOptions | undefined {
  const directive = comments.map((comment) => parseDirective(`#${comment}`)).find((each) => each?.name === "check");
  try {
    return directive && parseCheckOptions(directive.text.split(" ", 1)[0]!);
  } catch (error) {
    if (error instanceof CheckOptionsInvalid) return undefined;
    throw error;
  }
}
