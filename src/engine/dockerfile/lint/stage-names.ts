/** DuplicateStageName and ReservedStageName. */
import type { Stage } from "../parse-dockerfile.js";
import { type Finding, inFile, quoted } from "./finding.js";

const RESERVED = ["context", "scratch"];

export function checkStageNames(stages: readonly Stage[]): Finding[] {
  const known = new Set<string>();
  return stages.flatMap(({ from }) => {
    const { name } = from;
    if (name === undefined) return [];
    const findings: Finding[] = [];
    if (RESERVED.includes(name)) {
      findings.push(inFile(from, "ReservedStageName", `Stage name should not use the same name as reserved stage ${quoted(name)}`));
    }
    if (known.has(name)) {
      findings.push(inFile(from, "DuplicateStageName", `Duplicate stage name ${quoted(name)}, stage names should be unique`));
    }
    known.add(name);
    return findings;
  });
}
