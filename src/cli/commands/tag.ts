import { defineCommand } from "../command.js";

export const tag = defineCommand({
  name: "tag",
  summary: "Give an image one more name",
  operands: "IMAGE NAME[:TAG]",
  least: 2,
  most: 2,
  options: {},
  async run({ operands: [source = "", target = ""], engine }) {
    await (await engine()).images.tag(source, target);
    return 0;
  },
});
