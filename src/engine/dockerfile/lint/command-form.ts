/** JSONArgsRecommended: a shell between the signals and the program, where nobody has chosen one. */
import type { InstructionOf } from "../instructions.js";
import { at, type Finding } from "./finding.js";

/** @param shell of the image, by SHELL */
export function checkCommandForm(instruction: InstructionOf<"CMD" | "ENTRYPOINT">, shell: readonly string[] | undefined): Finding[] {
  const { command, written } = instruction;
  if (!command.shell || (shell && shell.length > 0)) return [];
  const message = `JSON arguments recommended for ${written} to prevent unintended behavior related to OS signals`;
  return [at(instruction, "JSONArgsRecommended", message)];
}
