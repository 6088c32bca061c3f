/** Commands that do one thing to each container or network that is named, and print the name, as docker's do. */
import { type ErrorCode, isCaissonError } from "../engine/errors.js";
import { describeError } from "./error-object.js";
import { printLine, type Terminal } from "./terminal.js";

/** With `force`, what is not there is no error. */
export async function unlessMissing(force: boolean, code: ErrorCode, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!force || !isCaissonError(error, code)) throw error;
  }
}

/**
 * What fails for one is told, and the others are done all the same.
 * @param work what it returns, where that is a text, is printed instead of the name
 * @param forgiven a failure that is told, and leaves the exit code as it is
 * @returns the exit code
 * @throws ABORTED
 */
export async function eachOperand(
  names: readonly string[],
  terminal: Terminal,
  work: (name: string) => Promise<unknown>,
  forgiven?: ErrorCode,
): Promise<number> {
  let code = 0;
  for (const name of names) {
    try {
      const done = await work(name);
      printLine(terminal, typeof done === "string" ? done : name);
    } catch (error) {
      if (isCaissonError(error, "ABORTED")) throw error;
      terminal.stderr.write(`${describeError(error)}\n`);
      if (forgiven === undefined || !isCaissonError(error, forgiven)) code = 1;
    }
  }
  return code;
}
