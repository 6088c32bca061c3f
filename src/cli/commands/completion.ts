import { type Command, type CommandGroup, defineCommand } from "../command.js";
import { completionScript, SHELLS } from "../completion-scripts.js";
import { UsageError } from "../usage.js";

/** @param commands all that there are, this one too */
export function completion(commands: () => readonly (Command | CommandGroup)[]): Command {
  return defineCommand({
    name: "completion",
    summary: "Print a script that has a shell complete commands and flags",
    operands: SHELLS.join("|"),
    least: 1,
    most: 1,
    options: {},
    async run({ operands: [name], terminal }) {
      const shell = SHELLS.find((each) => each === name);
      if (!shell) throw new UsageError(`completion is for ${SHELLS.join(", ")}, not ${JSON.stringify(name)}`);
      terminal.stdout.write(completionScript(shell, commands()));
      return 0;
    },
  });
}
