import { defineCommand, JSON_OPTION, PLATFORM_OPTION, QUIET_OPTION } from "../command.js";
import { openInput } from "../files.js";
import { printJson, printLine } from "../terminal.js";
import { UsageError } from "../usage.js";

export const importImage = defineCommand({
  name: "import",
  summary: "Make an image of the tar of a root file system, plain, gzip or zstd",
  operands: "FILE|URL|- [NAME[:TAG]]",
  least: 1,
  most: 2,
  options: {
    change: {
      type: "string",
      short: "c",
      multiple: true,
      value: "INSTRUCTION",
      help: "apply a Dockerfile instruction: CMD ENTRYPOINT ENV EXPOSE LABEL USER VOLUME WORKDIR STOPSIGNAL",
    },
    message: { type: "string", short: "m", value: "TEXT", help: "comment in the image's history" },
    platform: { ...PLATFORM_OPTION, help: "what the files are for; default: this host's" },
    quiet: QUIET_OPTION,
    json: JSON_OPTION,
  },
  async run({ values, operands: [file = "-", reference], terminal, engine, signal }) {
    const rootfs = /^https?:\/\//.test(file) ? addressOf(file) : await openInput(terminal, file);
    const { change: changes, message: comment, platform } = values;
    const image = await (await engine()).images.import(rootfs, { reference, changes, comment, platform, signal });
    if (values.json) printJson(terminal, image);
    else printLine(terminal, image.id);
    return 0;
  },
});

function addressOf(text: string): URL {
  if (!URL.canParse(text)) throw new UsageError(`import: ${text} is no valid address`);
  return new URL(text);
}
