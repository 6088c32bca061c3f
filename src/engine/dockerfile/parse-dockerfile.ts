/** A Dockerfile's text to its stages. Pure; everything that can be known without building is checked here. */
import { dockerfileError } from "./dockerfile-error.js";
import type { Instruction, InstructionOf } from "./instructions.js";
import { type Directives, type LogicalLine, type SplitDockerfile, splitLines } from "./logical-lines.js";
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
  /** As they are written, the first one at 0. */
  readonly source: readonly string[];
}

/** A Dockerfile up to its first mistake. */
export interface ParsedDockerfile {
  /** All of it where there is no error. */
  readonly dockerfile: Dockerfile;
  /** DOCKERFILE_INVALID */
  readonly error?: unknown;
}

/** @throws DOCKERFILE_INVALID */
export function parseDockerfile(file: string, text: string): Dockerfile {
  const { dockerfile, error } = parseUpToError(file, text);
  if (error !== undefined) throw error;
  return dockerfile;
}

export function parseUpToError(file: string, text: string): ParsedDockerfile {
  const globalArgs: InstructionOf<"ARG">[] = [];
  const stages: { from: InstructionOf<"FROM">; index: number; instructions: Instruction[] }[] = [];
  let split: SplitDockerfile = { directives: { escapeCharacter: "\\" }, lines: [], source: [] };
  try {
    split = splitLines(file, text);
    for (const line of split.lines) place(file, line, split, globalArgs, stages);
    if (stages.length === 0) {
      throw dockerfileError({ file, line: 1 }, split.lines.length === 0 ? "the Dockerfile is empty" : "the Dockerfile has no build stage", {
        expected: "FROM IMAGE",
      });
    }
    return { dockerfile: { file, ...split, globalArgs, stages } };
  } catch (error) {
    return { dockerfile: { file, ...split, globalArgs, stages }, error };
  }
}

function place(
  file: string,
  line: LogicalLine,
  { directives }: SplitDockerfile,
  globalArgs: InstructionOf<"ARG">[],
  stages: { from: InstructionOf<"FROM">; index: number; instructions: Instruction[] }[],
): void {
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

/** The instruction that an image's ONBUILD trigger holds; its place is that of the FROM that brought it. @throws DOCKERFILE_INVALID */
export function parseTrigger(file: string, trigger: string, from: InstructionOf<"FROM">): Instruction {
  const { lines } = splitLines(file, trigger);
  const [line] = lines;
  if (lines.length !== 1 || line === undefined)
    throw dockerfileError({ file, line: from.line }, `an ONBUILD trigger should be a single expression: ${trigger}`);
  return parseInstruction(file, { ...line, line: from.line, endLine: from.endLine }, "\\");
}
