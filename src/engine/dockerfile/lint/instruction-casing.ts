/** ConsistentInstructionCasing: as most instructions of the stages are written; capitals where there are as many of either. */
import type { Stage } from "../parse-dockerfile.js";
import { type Finding, inFile } from "./finding.js";

export function checkInstructionCasing(stages: readonly Stage[]): Finding[] {
  const instructions = stages.flatMap(({ from, instructions: rest }) => [from, ...rest]);
  const lower = instructions.filter(({ written }) => written === written.toLowerCase()).length;
  const upper = instructions.filter(({ written }) => written === written.toUpperCase()).length;
  const casing = lower > upper ? "lowercase" : "uppercase";
  return instructions.flatMap((instruction) => {
    const { written } = instruction;
    if (written === (casing === "lowercase" ? written.toLowerCase() : written.toUpperCase())) return [];
    const message = `Command '${written}' should match the case of the command majority (${casing})`;
    return [inFile(instruction, "ConsistentInstructionCasing", message)];
  });
}
