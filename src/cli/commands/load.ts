import { defineCommand, JSON_OPTION, QUIET_OPTION } from "../command.js";
import { openInput } from "../files.js";
import { showProgress } from "../progress.js";
import { ONE_PLATFORM } from "../refused-flags.js";
import { printJson, printLine } from "../terminal.js";

export const load = defineCommand({
  name: "load",
  summary: "Read images from an archive of `docker save`, or of an OCI layout",
  operands: "",
  least: 0,
  most: 0,
  options: {
    input: { type: "string", short: "i", value: "FILE", help: "read this file instead of the standard input" },
    quiet: QUIET_OPTION,
    json: JSON_OPTION,
  },
  refuses: { platform: ONE_PLATFORM },
  async run({ values, terminal, engine, signal }) {
    const archive = await openInput(terminal, values.input ?? "-");
    const progress = showProgress(terminal, values.quiet ?? false);
    try {
      const loaded = await (await engine()).images.load(archive, { progress: progress.report, signal });
      progress.finish();
      if (values.json) printJson(terminal, loaded);
      else
        for (const { id, references } of loaded)
          for (const name of references.length > 0 ? references : [id]) printLine(terminal, `Loaded: ${name}`);
    } finally {
      progress.finish();
    }
    return 0;
  },
});
