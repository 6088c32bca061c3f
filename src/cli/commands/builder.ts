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
  options: { json: JSON_OPTION },
  async run({ values, operands: [what], terminal, engine }) {
    if (what !== "prune") throw new UsageError(`There is no \`caisson builder ${what}\`: it is \`caisson builder prune\``);
    const { entries, bytes } = await (await engine()).images.pruneBuilds();
    if (values.json) printJson(terminal, { entries, bytes });
    else printLine(terminal, `Forgot ${entries} steps, freed ${formatSize(bytes)}`);
    return 0;
  },
});
