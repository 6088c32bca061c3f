import { release } from "node:os";
import { version as caisson } from "../../engine/version.js";
import { defineCommand, JSON_OPTION } from "../command.js";
import { printJson, printLine } from "../terminal.js";

export const version = defineCommand({
  name: "version",
  summary: "Print versions",
  operands: "",
  least: 0,
  most: 0,
  options: { json: JSON_OPTION },
  async run({ values, terminal }) {
    const versions = { caisson, node: process.versions.node, platform: `${process.platform}/${process.arch}`, kernel: release() };
    if (values.json) printJson(terminal, versions);
    else for (const [name, text] of Object.entries(versions)) printLine(terminal, `${`${name}:`.padEnd(10)}${text}`);
    return 0;
  },
});
