/** LegacyKeyValueFormat: `ENV name value`. */
import type { InstructionOf } from "../instructions.js";
import { at, type Finding } from "./finding.js";

export function checkKeyValueFormat(instruction: InstructionOf<"ENV" | "LABEL">): Finding[] {
  const { written, pairs } = instruction;
  const message = `"${written} key=value" should be used instead of legacy "${written} key value" format`;
  return pairs.filter(({ legacy }) => legacy).map(() => at(instruction, "LegacyKeyValueFormat", message));
}
