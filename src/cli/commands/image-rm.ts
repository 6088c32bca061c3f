import type { ImageRemoval } from "../../engine/engine.js";
import { defineCommand, JSON_OPTION } from "../command.js";
import { ONE_PLATFORM } from "../refused-flags.js";
import { printJson, printLine } from "../terminal.js";

export const imageRm = defineCommand({
  name: "image-rm",
  aliases: ["rmi"],
  summary: "Remove images",
  operands: "IMAGE [IMAGE...]",
  least: 1,
  most: Number.POSITIVE_INFINITY,
  options: {
    force: { type: "boolean", short: "f", help: "also when a container uses it" },
    "no-prune": { type: "boolean", help: "as always: images without a name stay where they have other images on top" },
    json: JSON_OPTION,
  },
  refuses: { platform: ONE_PLATFORM },
  async run({ values, operands, terminal, engine }) {
    const { images } = await engine();
    const removals: ImageRemoval[] = [];
    for (const reference of operands) {
      const removal = await images.remove(reference, { force: values.force ?? false });
      removals.push(removal);
      if (values.json) continue;
      for (const name of removal.untagged) printLine(terminal, `Untagged: ${name}`);
      for (const digest of removal.deleted) printLine(terminal, `Deleted: ${digest}`);
    }
    if (values.json) printJson(terminal, removals);
    return 0;
  },
});
