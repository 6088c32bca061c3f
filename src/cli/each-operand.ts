/** Commands that do one thing to each container or network that is named, and print the name, as docker's do. */
import { describeError } from "./error-object.js";
import { printLine, type Terminal } from "./terminal.js";

/** What fails for one is told, and the others are done all the same. @returns the exit code */
export async function eachOperand(names: readonly string[], terminal: Terminal, work: (name: string) => Promise<unknown>): Promise<number> {
  let code = 0;
  for (const name of names) {
    try {
      await work(name);
      printLine(terminal, name);
    } catch (error) {
      terminal.stderr.write(`${describeError(error)}\n`);
      code = 1;
    }
  }
  return code;
}
