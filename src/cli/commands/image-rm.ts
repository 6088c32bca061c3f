import type { ImageRemoval } from "../../engine/engine.js";
import { isCaissonError } from "../../engine/errors.js";
import { defineCommand, JSON_OPTION } from "../command.js";
import { describeError, errorObject } from "../error-object.js";
import { ONE_PLATFORM } from "../refused-flags.js";
import { printJson, printLine, type Terminal } from "../terminal.js";

export const imageRm = defineCommand({
  name: "image-rm",
  aliases: ["rmi"],
  summary: "Remove images",
  operands: "IMAGE [IMAGE...]",
  least: 1,
  most: Number.POSITIVE_INFINITY,
  options: {
    force: { type: "boolean", short: "f", help: "also when a container uses it; what is not there is told, and no error" },
    "no-prune": { type: "boolean", help: "as always: images without a name stay where they have other images on top" },
    json: JSON_OPTION,
  },
  refuses: { platform: ONE_PLATFORM },
  async run({ values, operands, terminal, engine }) {
    const { images } = await engine();
    const { force = false, json = false } = values;
    const removals: ImageRemoval[] = [];
    let code = 0;
    for (const reference of operands) {
      try {
        const removal = await images.remove(reference, { force });
        removals.push(removal);
        if (!json) printRemoval(terminal, removal);
      } catch (error) {
        if (!isCaissonError(error)) throw error;
        terminal.stderr.write(json ? `${JSON.stringify({ error: errorObject(error) })}\n` : `${describeError(error)}\n`);
        if (!force || !isCaissonError(error, "IMAGE_NOT_FOUND")) code = 1;
      }
    }
    if (json) printJson(terminal, removals);
    return code;
  },
});

function printRemoval(terminal: Terminal, { untagged, deleted }: ImageRemoval): void {
  for (const name of untagged) printLine(terminal, `Untagged: ${name}`);
  for (const digest of deleted) printLine(terminal, `Deleted: ${digest}`);
}
