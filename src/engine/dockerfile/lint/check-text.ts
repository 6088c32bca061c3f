/** Checks of how things are written: they need the text alone, also that of a Dockerfile that breaks off. */
import type { Instruction } from "../instructions.js";
import type { Dockerfile } from "../parse-dockerfile.js";
import { checkDescription } from "./definition-description.js";
import { at, type Finding, inFile } from "./finding.js";
import { checkStageLine } from "./stage-line.js";

export function checkText({ lines, globalArgs, stages }: Dockerfile): Finding[] {
  const continuations = lines.flatMap(({ emptyContinuation: line }) =>
    line === undefined ? [] : [inFile({ line, endLine: line }, "NoEmptyContinuation", "Empty continuation line")],
  );
  const instructions = [...globalArgs, ...stages.flatMap((stage) => [stage.from, ...stage.instructions])];
  return [...continuations, ...instructions.flatMap(checkInstruction)];
}

function checkInstruction(instruction: Instruction): Finding[] {
  switch (instruction.keyword) {
    case "FROM":
      return [...checkStageLine(instruction), ...checkDescription(instruction)];
    case "ARG":
      return checkDescription(instruction);
    case "MAINTAINER":
      return [at(instruction, "MaintainerDeprecated", "Maintainer instruction is deprecated in favor of using label")];
    default:
      return [];
  }
}
