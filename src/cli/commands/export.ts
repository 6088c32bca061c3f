import { pipeline } from "node:stream/promises";
import { defineCommand } from "../command.js";
import { checkOutputFile, writeFileAtomically } from "../files.js";
import { UsageError } from "../usage.js";

export const exportFiles = defineCommand({
  name: "export",
  summary: "Write the file system of a container as a tar, without what is mounted in it",
  operands: "CONTAINER",
  least: 1,
  most: 1,
  options: {
    output: { type: "string", short: "o", value: "FILE", help: "write this file instead of the standard output" },
  },
  async run({ values: { output }, operands: [container = ""], terminal, lasting, signal }) {
    if (output === undefined && terminal.stdout.isTTY) throw new UsageError("An archive is not for the terminal: use --output, or a pipe");
    if (output !== undefined) await checkOutputFile(output);
    const tar = await (await lasting()).containers.export(container, { signal });
    if (output === undefined) await pipeline(tar, terminal.stdout, { end: false, signal });
    else await writeFileAtomically(output, tar, signal);
    return 0;
  },
});
