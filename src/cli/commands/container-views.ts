/** Commands that tell about one container that stays. */
import { processTable } from "../../engine/docker-api/process-table.js";
import type { FileChange, PublishedPort } from "../../engine/engine.js";
import { defineCommand } from "../command.js";
import { hostAddress } from "../container-table.js";
import { printLine, printTable } from "../terminal.js";

const ONE = { operands: "CONTAINER", least: 1, most: 1 } as const;
const KINDS: Readonly<Record<FileChange["kind"], string>> = { added: "A", changed: "C", deleted: "D" };

export const diff = defineCommand({
  name: "diff",
  summary: "List what a container has added (A), changed (C) and deleted (D) of its image's files",
  ...ONE,
  options: {},
  async run({ operands: [container = ""], terminal, lasting }) {
    for (const { kind, path } of await (await lasting()).containers.changes(container)) printLine(terminal, `${KINDS[kind]} ${path}`);
    return 0;
  },
});

export const port = defineCommand({
  name: "port",
  summary: "Print where the ports of a container are published",
  operands: "CONTAINER [PORT[/PROTOCOL]]",
  least: 1,
  most: 2,
  options: {},
  async run({ operands: [container = "", wanted], terminal, lasting }) {
    const { ports } = await (await lasting()).containers.inspect(container);
    const found = wanted === undefined ? ports : ports.filter((each) => nameOf(each) === wanted || nameOf(each) === `${wanted}/tcp`);
    if (wanted !== undefined && found.length === 0) {
      terminal.stderr.write(`No public port '${wanted}' published for ${container}\n`);
      return 1;
    }
    for (const each of found) printLine(terminal, wanted === undefined ? `${nameOf(each)} -> ${hostAddress(each)}` : hostAddress(each));
    return 0;
  },
});

const nameOf = ({ containerPort, protocol }: PublishedPort): string => `${containerPort}/${protocol}`;

export const top = defineCommand({
  name: "top",
  summary: "List the processes of a container",
  operands: "CONTAINER [PS-OPTION...]",
  least: 1,
  most: Number.POSITIVE_INFINITY,
  stopsAtOperand: true,
  options: {},
  async run({ operands: [container = "", ...options], terminal, lasting }) {
    const engine = await lasting();
    const [processes, { memoryBytes }] = await Promise.all([engine.containers.top(container), engine.info()]);
    const { titles, rows } = processTable(processes, options, memoryBytes);
    printTable(terminal, titles, rows);
    return 0;
  },
});
