import type { ImageInspect } from "../../engine/engine.js";
import { defineCommand, JSON_OPTION } from "../command.js";
import { printJson } from "../terminal.js";

export const inspect = defineCommand({
  name: "inspect",
  summary: "Print what is known about images, as JSON",
  operands: "IMAGE [IMAGE...]",
  least: 1,
  most: Number.POSITIVE_INFINITY,
  options: { json: { ...JSON_OPTION, help: "as always" } },
  async run({ operands, terminal, engine }) {
    const { images } = await engine();
    const found: ImageInspect[] = [];
    for (const reference of operands) found.push(await images.inspect(reference));
    printJson(terminal, found);
    return 0;
  },
});
