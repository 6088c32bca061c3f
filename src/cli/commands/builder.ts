import { defineCommand, JSON_OPTION } from "../command.js";
import { formatSize } from "../quantities.js";
import { printJson, printLine } from "../terminal.js";
import { UsageError } from "../usage.js";

export const builder = defineCommand({
  name: "builder",
  summary: "Manage what builds remember: `caisson builder prune`",
  operands: "prune",
  least: 1,
  most: 1,
  options: {
    all: { type: "boolean", short: "a", help: "as always: nothing is kept back" },
    force: { type: "boolean", short: "f", help: "as always: nothing is asked" },
    json: JSON_OPTION,
  },
  refuses: { filter: "what builds remember has neither labels nor an age", "keep-storage": "nothing is kept back" },
  async run({ values, operands: [what], terminal, engine }) {
    if (what !== "prune") throw new UsageError(`There is no \`caisson builder ${what}\`: it is \`caisson builder prune\``);
    const { entries, bytes } = await (await engine()).images.pruneBuilds();
    if (values.json) printJson(terminal, { entries, bytes });
    else printLine(terminal, `Forgot ${entries} steps, freed ${formatSize(bytes)}`);
    return 0;
  },
});
