/** UndefinedVar: words that name variables which neither the image nor the stage has. */

import { HIDDEN_ARGS } from "../apply-configuration.js";
import { nearestName } from "../dockerfile-error.js";
import type { ImageState } from "../image-state.js";
import type { Instruction } from "../instructions.js";
import { at, type Finding } from "./finding.js";

/** Of the variables of a word, those that are not set and not declared either. */
export function undeclaredVariables({ args }: ImageState, unset: ReadonlySet<string>): string[] {
  return [...unset].filter((name) => !HIDDEN_ARGS.includes(name) && !args.some((arg) => arg.name === name));
}

export function undefinedVariable(instruction: Instruction, { env }: ImageState, name: string): Finding {
  const nearest = nearestName(name, [...env.keys()], true);
  return at(instruction, "UndefinedVar", `Usage of undefined variable '$${name}'${nearest ? ` (did you mean $${nearest}?)` : ""}`);
}
