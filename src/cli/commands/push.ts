import { CONTENT_TRUST_OPTION, defineCommand, JSON_OPTION, QUIET_OPTION } from "../command.js";
import { showProgress } from "../progress.js";
import { ONE_PLATFORM, TAGS_BY_NAME } from "../refused-flags.js";
import { printJson, printLine } from "../terminal.js";

export const push = defineCommand({
  name: "push",
  summary: "Send an image to the registry that its name says",
  operands: "IMAGE",
  least: 1,
  most: 1,
  options: { quiet: QUIET_OPTION, "disable-content-trust": CONTENT_TRUST_OPTION, json: JSON_OPTION },
  refuses: { "all-tags": TAGS_BY_NAME, platform: ONE_PLATFORM },
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
