import { type CommandGroup, defineCommand, JSON_OPTION } from "../command.js";
import { formatSize } from "../quantities.js";
import { printJson, printLine } from "../terminal.js";
import { events } from "./events.js";
import { info } from "./info.js";
import { prune } from "./prune.js";
import { systemDf } from "./system-df.js";

const verify = defineCommand({
  name: "system verify",
  summary: "Read all stored images again and compare them with their digests; exit code 1 where something is damaged",
  operands: "",
  least: 0,
  most: 0,
  options: { json: JSON_OPTION },
  async run({ values, terminal, engine, signal }) {
    const report = await (await engine()).images.verify({ signal });
    const { images, blobs, layers, bytes, problems } = report;
    if (values.json) printJson(terminal, report);
    else {
      for (const { kind, name, reason } of problems) printLine(terminal, `DAMAGED ${kind} ${name}: ${reason}`);
      printLine(terminal, `${images} images, ${layers} layers and ${blobs} blobs, ${formatSize(bytes)}: ${problems.length} damaged`);
    }
    return problems.length === 0 ? 0 : 1;
  },
});

export const system: CommandGroup = {
  name: "system",
  summary: "Look after the store and all that is in it",
  commands: [
    systemDf,
    { ...events, name: "system events" },
    { ...info, name: "system info", aliases: [] },
    { ...prune, name: "system prune" },
    verify,
  ],
};
