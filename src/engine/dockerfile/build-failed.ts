/** BUILD_FAILED: a step that failed, with its place, its command, how it ended and what it said last. */

import { withoutCredentials } from "../build-context/url-credentials.js";
import { CaissonError, type ErrorFacts } from "../errors.js";
import { formatLocation } from "./dockerfile-error.js";
import type { Instruction } from "./instructions.js";

export interface FailedStep {
  readonly file: string;
  readonly instruction: Pick<Instruction, "line" | "keyword" | "original">;
}

interface Failure extends Partial<Pick<ErrorFacts["BUILD_FAILED"], "command" | "exitCode" | "signal" | "oomKilled">> {
  readonly output?: readonly string[] | undefined;
  readonly remedy?: string | undefined;
  readonly cause?: unknown;
}

export function buildFailed({ file, instruction }: FailedStep, problem: string, failure: Failure = {}): CaissonError<"BUILD_FAILED"> {
  const { line, keyword, original } = instruction;
  const { output = [], remedy, cause, ...facts } = failure;
  return new CaissonError("BUILD_FAILED", `${formatLocation({ file, line })}: ${keyword} failed: ${withoutCredentials(problem)}`, {
    facts: { file, line, instruction: keyword, ...facts, output },
    evidence: [`${line} | ${withoutCredentials(original)}`, ...output],
    remedy,
    cause,
  });
}
