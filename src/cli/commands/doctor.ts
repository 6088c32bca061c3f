import { diagnose } from "../../engine/open.js";
import { defineCommand, JSON_OPTION } from "../command.js";
import { printJson, printLine } from "../terminal.js";

const MARKS = { passed: "ok  ", warning: "warn", failed: "FAIL", skipped: "--  " } as const;

export const doctor = defineCommand({
  name: "doctor",
  summary: "Check what this machine can do, and say how to mend what it can't",
  operands: "",
  least: 0,
  most: 0,
  options: { json: JSON_OPTION },
  async run({ values, terminal, environment }) {
    const probes = await diagnose({ environment });
    const failed = probes.filter(({ status }) => status === "failed").length;
    if (values.json) {
      printJson(terminal, probes);
    } else {
      const width = Math.max(...probes.map(({ name }) => name.length));
      for (const { name, status, detail, remedy } of probes) {
        printLine(terminal, `${MARKS[status]}  ${name.padEnd(width)}  ${detail}`);
        if (remedy !== undefined) printLine(terminal, `${" ".repeat(width + 8)}-> ${remedy}`);
      }
      printLine(terminal, failed === 0 ? "\nThe built-in engine works here." : `\n${failed} of ${probes.length} probes failed.`);
    }
    return failed === 0 ? 0 : 1;
  },
});
