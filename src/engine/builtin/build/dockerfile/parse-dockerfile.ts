/** A Dockerfile's text to its stages. Pure; everything that can be known without building is checked here. */
import { dockerfileError } from "./dockerfile-error.js";
import type { Instruction, InstructionOf } from "./instructions.js";
import { type Directives, type LogicalLine, splitLines } from "./logical-lines.js";
import { parseInstruction } from "./parse-instruction.js";

export interface Stage {
  readonly from: InstructionOf<"FROM">;
  /** From 0, in the file's order. */
  readonly index: number;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  /** As the user named it, for messages. */
  readonly file: string;
  readonly directives: Directives;
  /** ARG before the first FROM. */
  readonly globalArgs: readonly InstructionOf<"ARG">[];
  readonly stages: readonly Stage[];
  /** For the checks that look at how things are written. */
  readonly lines: readonly LogicalLine[];
}

/** @throws DOCKERFILE_INVALID */
export function parseDockerfile(file: string, text: string): Dockerfile {
  const { directives, lines } = splitLines(file, text);
  const globalArgs: InstructionOf<"ARG">[] = [];
  const stages: { from: InstructionOf<"FROM">; index: number; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const instruction = parseInstruction(file, line, directives.escapeCharacter);
    const stage = stages.at(-1);
    if (instruction.keyword === "FROM") stages.push({ from: instruction, index: stages.length, instructions: [] });
    else if (stage) stage.instructions.push(instruction);
    else if (instruction.keyword === "ARG") globalArgs.push(instruction);
    else {
      throw dockerfileError({ file, line: line.line }, `no build stage in current context: ${instruction.keyword} before FROM`, {
        source: instruction.original,
        expected: "FROM first; only ARG may stand before it",
      });
    }
  }
  if (stages.length === 0) {
    throw dockerfileError({ file, line: 1 }, lines.length === 0 ? "the Dockerfile is empty" : "the Dockerfile has no build stage", {
      expected: "FROM IMAGE",
    });
  }
  return { file, directives, globalArgs, stages, lines };
}

/** The instruction that an image's ONBUILD trigger holds; its place is that of the FROM that brought it. @throws DOCKERFILE_INVALID */
export function parseTrigger(file: string, trigger: string, from: InstructionOf<"FROM">): Instruction {
  const { lines } = splitLines(file, trigger);
  const [line] = lines;
  if (lines.length !== 1 || line === undefined)
    throw dockerfileError({ file, line: from.line }, `an ONBUILD trigger should be a single expression: ${trigger}`);
  return parseInstruction(file, { ...line, line: from.line, endLine: from.endLine }, "\\");
}
