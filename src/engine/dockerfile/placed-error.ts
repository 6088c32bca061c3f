/** Errors of what a Dockerfile names, with the place of the instruction that names it. Pure. */
import { withoutCredentials } from "../build-context/url-credentials.js";
import { CaissonError } from "../errors.js";
import { formatLocation } from "./dockerfile-error.js";
import type { Instruction } from "./instructions.js";

/** The place comes before the summary, the line first in the evidence. Anything but an error of ours, and ABORTED, is left as it is. */
export function placed(error: CaissonError, file: string, at: Pick<Instruction, "line" | "original">): CaissonError;
export function placed(error: unknown, file: string, at: Pick<Instruction, "line" | "original">): unknown;
export function placed(error: unknown, file: string, at: Pick<Instruction, "line" | "original">): unknown {
  if (!(error instanceof CaissonError) || error.code === "ABORTED") return error;
  const { code, facts, summary, evidence, remedy } = error;
  return new CaissonError(code, `${formatLocation({ file, line: at.line })}: ${summary}`, {
    facts,
    evidence: [`${at.line} | ${withoutCredentials(at.original)}`, ...evidence],
    remedy,
    cause: error,
  });
}
