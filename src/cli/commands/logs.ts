import { lineStamps } from "../../engine/docker-api/line-stamps.js";
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
    for await (const record of containers.logs(container, { follow: values.follow, tail, since, until, signal })) {
      const output = terminal[record.stream];
      if (!output.write(text(record))) await drained(output);
    }
    return 0;
  },
});
