import { pipeline } from "node:stream/promises";
import { optionError } from "../../engine/errors.js";
import { defineCommand } from "../command.js";
import { checkOutputFile, writeFileAtomically } from "../files.js";
import { ONE_PLATFORM } from "../refused-flags.js";
import { UsageError } from "../usage.js";

export const save = defineCommand({
  name: "save",
  summary: "Write images to an archive that docker and OCI tools read",
  operands: "IMAGE [IMAGE...]",
  least: 1,
  most: Number.POSITIVE_INFINITY,
  options: {
    output: { type: "string", short: "o", value: "FILE", help: "write this file instead of the standard output" },
    format: { type: "string", value: "docker|oci", help: "default: docker, which is an OCI layout as well" },
  },
  refuses: { platform: ONE_PLATFORM },
  async run({ values, operands, terminal, engine, signal }) {
    const { output, format = "docker" } = values;
    if (format !== "docker" && format !== "oci") throw optionError("--format", format, "the name of a format", ["docker", "oci"]);
    if (output === undefined && terminal.stdout.isTTY) throw new UsageError("An archive is not for the terminal: use --output, or a pipe");
    if (output !== undefined) await checkOutputFile(output);
    const archive = await (await engine()).images.save(operands, { format, signal });
    if (output === undefined) await pipeline(archive, terminal.stdout, { end: false, signal });
    else await writeFileAtomically(output, archive, signal);
    return 0;
  },
});
