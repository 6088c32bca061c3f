import { defineCommand, JSON_OPTION } from "../command.js";
import { usageObjects } from "../disk-usage-objects.js";
import { usageDetails, usageSummary } from "../disk-usage-table.js";
import { printObject } from "../format-object.js";
import { FORMAT_OPTION } from "../format-template.js";
import { printRows } from "../print-rows.js";
import { printJson, printLine, printTable } from "../terminal.js";

export const systemDf = defineCommand({
  name: "system df",
  summary: "Print what images, containers, volumes and builds keep on the disk",
  operands: "",
  least: 0,
  most: 0,
  options: {
    verbose: { type: "boolean", short: "v", help: "each image, container and volume" },
    format: { ...FORMAT_OPTION, help: "json, or a template such as '{{.Type}} {{.Size}}'; with -v, '{{json .Images}}'" },
    json: JSON_OPTION,
  },
  async run({ values, terminal, lasting }) {
    const usage = await (await lasting()).diskUsage();
    if (values.json) printJson(terminal, usage);
    else if (values.verbose && values.format !== undefined && values.format !== "table")
      printObject(terminal, values.format, usageObjects(usage, new Date()));
    else if (values.verbose) {
      for (const [index, { title, headings, rows }] of usageDetails(usage, new Date()).entries()) {
        printLine(terminal, `${index > 0 ? "\n" : ""}${title}\n`);
        printTable(terminal, headings, rows);
      }
    } else printRows(terminal, values.format, usageSummary(usage));
    return 0;
  },
});
