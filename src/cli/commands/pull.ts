import { CONTENT_TRUST_OPTION, defineCommand, JSON_OPTION, PLATFORM_OPTION, QUIET_OPTION } from "../command.js";
import { showProgress } from "../progress.js";
import { TAGS_BY_NAME } from "../refused-flags.js";
import { printJson, printLine } from "../terminal.js";

export const pull = defineCommand({
  name: "pull",
  summary: "Fetch an image from its registry",
  operands: "IMAGE",
  least: 1,
  most: 1,
  options: { platform: PLATFORM_OPTION, quiet: QUIET_OPTION, "disable-content-trust": CONTENT_TRUST_OPTION, json: JSON_OPTION },
  refuses: { "all-tags": TAGS_BY_NAME },
  async run({ values, operands: [reference = ""], terminal, engine, signal }) {
    const progress = showProgress(terminal, values.quiet ?? false);
    try {
      const { images } = await engine();
      const image = await images.pull(reference, { platform: values.platform, progress: progress.report, signal });
      progress.finish();
      if (values.json) printJson(terminal, image);
      else if (values.quiet) printLine(terminal, image.id);
      else printLine(terminal, `${image.references[0] ?? reference}  ${image.repoDigests[0] ?? image.digest}`);
    } finally {
      progress.finish();
    }
    return 0;
  },
});
