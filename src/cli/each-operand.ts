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
 * @param forgiven a failure that is told, and leaves the exit code as it is
 * @returns the exit code
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
      await work(name);
      printLine(terminal, name);
    } catch (error) {
      terminal.stderr.write(`${describeError(error)}\n`);
      if (forgiven === undefined || !isCaissonError(error, forgiven)) code = 1;
    }
  }
  return code;
}
