/** What a step threw, as an error with a place. */

import { statfs } from "node:fs/promises";
import { withoutCredentials } from "../../build-context/url-credentials.js";
import { buildFailed, type FailedStep } from "../../dockerfile/build-failed.js";
import type { ContainerExit } from "../../engine.js";
import { CaissonError, type ErrorFacts } from "../../errors.js";
import { describeExit } from "../containers/exit-status.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";
import { TooManyLinks } from "./files/dangling-links.js";
import { CopyRefused } from "./steps/copy-files.js";
import { SourceMissing } from "./steps/copy-selection.js";

/** Less than this is as good as nothing. */
const DISK_FULL_BYTES = 1 << 20;

/** A command that ended with anything but 0. @param disk a path on the disk that it wrote to */
export async function commandFailed(
  step: FailedStep,
  words: readonly string[],
  exit: ContainerExit,
  output: readonly string[],
  disk: string,
): Promise<CaissonError<"BUILD_FAILED">> {
  const { exitCode, signal, oomKilled } = exit;
  const { bavail, bsize } = await statfs(disk);
  const full =
    bavail * bsize < DISK_FULL_BYTES ? `The disk of ${disk} is full: make room, or set CAISSON_HOME to a larger one.` : undefined;
  const remedy = oomKilled ? "The command needs more memory than it may have." : full;
  return buildFailed(step, describeExit(exit), {
    command: withoutCredentials(words.join(" ")),
    exitCode,
    signal,
    oomKilled,
    output,
    remedy,
  });
}

/** What a step threw, as an error with a place; errors that say where they come from stay as they are. */
export function placeFailure(step: FailedStep, error: unknown, output: readonly string[] = []): unknown {
  if (error instanceof SourceMissing || error instanceof CopyRefused || error instanceof TooManyLinks)
    return buildFailed(step, error.message, { cause: error });
  if (error instanceof SupervisorFailure) {
    if (error.code === "ENOSPC" || error.code === "EDQUOT")
      return new CaissonError("DISK_FULL", `No space left for ${withoutCredentials(step.instruction.original)}`, {
        facts: { path: step.file },
        cause: error,
      });
    const what = error.entry === undefined ? error.message : `${error.entry}: ${error.doing}`;
    return buildFailed(step, what, { cause: error });
  }
  if (!(error instanceof CaissonError)) return buildFailed(step, (error as Error).message, { cause: error, output });
  const { code, summary, facts } = error as CaissonError;
  if (code === "COMMAND_NOT_FOUND" || code === "COMMAND_NOT_EXECUTABLE") {
    const { exitCode, command } = facts as ErrorFacts["COMMAND_NOT_FOUND"];
    return buildFailed(step, summary, { exitCode, command, output: error.evidence, remedy: error.remedy, cause: error });
  }
  if (["OPTION_INVALID", "START_FAILED", "LAYER_INVALID", "COPY_FAILED"].includes(code))
    return buildFailed(step, summary, { output: [...error.evidence, ...output], remedy: error.remedy, cause: error });
  return error;
}
