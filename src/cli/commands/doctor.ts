import type { Probe } from "../../engine/diagnosis.js";
import { diagnose, diagnoseDaemons } from "../../engine/open.js";
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
    const [builtin, daemons] = await Promise.all([diagnose({ environment }), diagnoseDaemons({ environment })]);
    const probes = [...builtin, ...daemons];
    const { text, works } = verdict(builtin, daemons);
    if (values.json) {
      printJson(terminal, probes);
    } else {
      const width = Math.max(...probes.map(({ name }) => name.length));
      for (const { name, status, detail, remedy } of probes) {
        printLine(terminal, `${MARKS[status]}  ${name.padEnd(width)}  ${detail}`);
        if (remedy !== undefined) printLine(terminal, `${" ".repeat(width + 8)}-> ${remedy}`);
      }
      printLine(terminal, `\n${text}`);
    }
    return works ? 0 : 1;
  },
});

/** Where the built-in engine can't run, the first daemon does the work. */
export function verdict(builtin: readonly Probe[], daemons: readonly Probe[]): { readonly text: string; readonly works: boolean } {
  const failed = builtin.filter(({ status }) => status === "failed").length;
  if (failed === 0) return { text: "The built-in engine works here.", works: true };
  const text = `${failed} of ${builtin.length} probes failed.`;
  const daemon = daemons.find(({ status }) => status === "passed");
  return daemon ? { text: `${text} Containers run on the ${daemon.name}.`, works: true } : { text, works: false };
}
