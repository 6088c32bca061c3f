import { defineCommand } from "../command.js";
import { printLine } from "../terminal.js";

export const commit = defineCommand({
  name: "commit",
  summary: "Make an image of what a container has changed, and print its id",
  operands: "CONTAINER [REPOSITORY[:TAG]]",
  least: 1,
  most: 2,
  options: {
    author: { type: "string", short: "a", value: "NAME", help: "who made it" },
    message: { type: "string", short: "m", value: "TEXT", help: "what was changed" },
    change: { type: "string", short: "c", multiple: true, value: "INSTRUCTION", help: "a Dockerfile instruction such as 'ENV A=b'" },
    pause: { type: "boolean", short: "p", help: "freeze it meanwhile; else its files are taken as it runs" },
  },
  async run({ values, operands: [container = "", reference], terminal, lasting, signal }) {
    const { author, message: comment, change: changes, pause = false } = values;
    const { containers } = await lasting();
    const freeze = pause && (await containers.inspect(container)).status === "running";
    if (freeze) await containers.pause(container);
    try {
      const image = await containers.commit(container, { reference, author, comment, changes, signal });
      printLine(terminal, image.id);
    } finally {
      if (freeze) await containers.unpause(container);
    }
    return 0;
  },
});
