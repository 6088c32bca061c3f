import { defineCommand, JSON_OPTION, QUIET_OPTION } from "../command.js";
import { showProgress } from "../progress.js";
import { printJson, printLine } from "../terminal.js";

export const push = defineCommand({
  name: "push",
  summary: "Send an image to the registry that its name says",
  operands: "IMAGE",
  least: 1,
  most: 1,
  options: { quiet: QUIET_OPTION, json: JSON_OPTION },
  async run({ values, operands: [reference = ""], terminal, engine, signal }) {
    const progress = showProgress(terminal, values.quiet ?? false);
    try {
      const { images } = await engine();
      const { digest } = await images.push(reference, { progress: progress.report, signal });
      progress.finish();
      if (values.json) printJson(terminal, { reference, digest });
      else printLine(terminal, values.quiet ? digest : `${reference}  ${digest}`);
    } finally {
      progress.finish();
    }
    return 0;
  },
});
