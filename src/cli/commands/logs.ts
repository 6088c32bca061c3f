import { lineStamps } from "../../engine/docker-api/line-stamps.js";
import { wholeLines } from "../../engine/docker-api/whole-lines.js";
import { drained } from "../../engine/drained.js";
import type { LogRecord } from "../../engine/engine.js";
import { defineCommand } from "../command.js";
import { parseNumber } from "../quantities.js";
import { parseMoment, SINCE_OPTION, UNTIL_OPTION } from "../times.js";

export const logs = defineCommand({
  name: "logs",
  summary: "Print what a container has written",
  operands: "CONTAINER",
  least: 1,
  most: 1,
  options: {
    follow: { type: "boolean", short: "f", help: "go on until it ends" },
    tail: { type: "string", short: "n", value: "NUMBER|all", help: "the last so many lines; default: all" },
    since: SINCE_OPTION,
    until: UNTIL_OPTION,
    timestamps: { type: "boolean", short: "t", help: "begin each line with its time" },
  },
  refuses: { details: "logs have no attributes but time and stream" },
  async run({ values, operands: [container = ""], terminal, lasting, signal }) {
    const tail = values.tail === undefined || values.tail === "all" ? undefined : parseNumber("tail", values.tail);
    const [since, until] = [parseMoment("since", values.since), parseMoment("until", values.until)];
    const { containers } = await lasting();
    const text = values.timestamps ? lineStamps() : ({ data }: LogRecord) => data;
    const { id, config } = await containers.inspect(container);
    const records = containers.logs(id, { follow: values.follow, tail, since, until, signal });
    // A terminal has one stream, whose prompts have no end of a line.
    for await (const record of config.tty ? records : wholeLines(records)) {
      const output = terminal[record.stream];
      if (!output.write(text(record))) await drained(output);
    }
    return 0;
  },
});
