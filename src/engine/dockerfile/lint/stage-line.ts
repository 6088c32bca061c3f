/** StageNameCasing and FromAsCasing: how `FROM image AS name` is written. */
import type { InstructionOf } from "../instructions.js";
import { at, type Finding } from "./finding.js";

export function checkStageLine(from: InstructionOf<"FROM">): Finding[] {
  const { name, writtenName, written, as } = from;
  const findings: Finding[] = [];
  if (writtenName !== name) findings.push(at(from, "StageNameCasing", `Stage name '${writtenName}' should be lowercase`));
  if (as !== undefined && !sameCase(written, as)) {
    findings.push(at(from, "FromAsCasing", `'${as}' and '${written}' keywords' casing do not match`));
  }
  return findings;
}

/** A FROM in mixed case asks for nothing. */
function sameCase(from: string, as: string): boolean {
  if (from === from.toLowerCase()) return as === as.toLowerCase();
  return from !== from.toUpperCase() || as === as.toUpperCase();
}
