import type { Engine } from "../../engine/engine.js";
import { type Call, type CommandGroup, defineCommand, JSON_OPTION } from "../command.js";
import { FILTER_OPTION, labelFilter, parseBoolean, parseFilters } from "../filters.js";
import { FORMAT_OPTION } from "../format-template.js";
import { INSPECT_OPTIONS, inspectObjects } from "../inspect-objects.js";
import { labelText, printRows } from "../print-rows.js";
import { formatSize } from "../quantities.js";
import { isAnythingKept } from "../server/anything-kept.js";
import { pairs } from "../split-at.js";
import { printJson, printLine } from "../terminal.js";
import { UsageError } from "../usage.js";

/** The server's, where there is one or something that it keeps: it knows which containers have a volume. */
async function volumeEngine({ engine, lasting, environment }: Pick<Call, "engine" | "lasting" | "environment">): Promise<Engine> {
  return (await isAnythingKept(environment)) ? lasting() : engine();
}

const create = defineCommand({
  name: "volume create",
  summary: "Make a volume, and print its name",
  operands: "[NAME]",
  least: 0,
  most: 1,
  options: {
    label: { type: "string", short: "l", multiple: true, value: "NAME[=VALUE]", help: "set a label" },
    driver: { type: "string", short: "d", value: "local", help: "there is no other" },
    opt: { type: "string", short: "o", multiple: true, value: "KEY=VALUE", help: "option of the driver: type=none, o=bind, device=PATH" },
    json: JSON_OPTION,
  },
  async run(call) {
    const { values, operands, terminal } = call;
    const [name] = operands;
    if (values.driver !== undefined && values.driver !== "local")
      throw new UsageError(`--driver ${values.driver}: there is none but local`);
    const labels = values.label && pairs(values.label);
    const options = values.opt && pairs(values.opt);
    const made = await (await volumeEngine(call)).volumes.create({ name, labels, options });
    if (values.json) printJson(terminal, made);
    else printLine(terminal, made.name);
    return 0;
  },
});

const inspect = defineCommand({
  name: "volume inspect",
  summary: "Print what is known about volumes, as JSON",
  operands: "VOLUME [VOLUME...]",
  least: 1,
  most: Number.POSITIVE_INFINITY,
  options: INSPECT_OPTIONS,
  run: (call) =>
    inspectObjects(call.terminal, { ...call.values, names: call.operands, kinds: ["volume"], engineOf: () => volumeEngine(call) }),
});

/** Docker's heading of each column. */
const VOLUME_HEADINGS = { Driver: "DRIVER", Name: "VOLUME NAME", Scope: "SCOPE", Mountpoint: "MOUNTPOINT", Labels: "LABELS" } as const;

const ls = defineCommand({
  name: "volume ls",
  aliases: ["volume list"],
  summary: "List the volumes that are here",
  operands: "",
  least: 0,
  most: 0,
  options: {
    filter: { ...FILTER_OPTION, help: "dangling=true|false, driver=local, label=NAME[=VALUE], name=PART" },
    quiet: { type: "boolean", short: "q", help: "print names alone" },
    format: FORMAT_OPTION,
    json: JSON_OPTION,
  },
  async run(call) {
    const { values, terminal } = call;
    const filters = parseFilters(values.filter, ["dangling", "driver", "label", "name"]);
    const dangling = parseBoolean("dangling", filters.get("dangling")?.[0]);
    const names = filters.get("name") ?? [""];
    const found = (await (await volumeEngine(call)).volumes.list({ dangling, labels: labelFilter(filters.get("label")) }))
      .filter((volume) => names.some((part) => volume.name.includes(part)))
      .filter(() => (filters.get("driver") ?? ["local"]).includes("local"));
    if (values.json) printJson(terminal, found);
    else if (values.quiet) for (const { name } of found) printLine(terminal, name);
    else
      printRows(terminal, values.format, {
        rows: found.map(({ name, mountpoint, labels }) => ({
          ...{ Driver: "local", Name: name, Scope: "local", Mountpoint: mountpoint, Labels: labelText(labels) },
        })),
        headings: VOLUME_HEADINGS,
        table: ["Driver", "Name"],
      });
    return 0;
  },
});

const rm = defineCommand({
  name: "volume rm",
  aliases: ["volume remove"],
  summary: "Remove volumes with all that is in them",
  operands: "VOLUME [VOLUME...]",
  least: 1,
  most: Number.POSITIVE_INFINITY,
  options: { force: { type: "boolean", short: "f", help: "what is not there is no error" }, json: JSON_OPTION },
  async run(call) {
    const { values, operands, terminal } = call;
    const { volumes } = await volumeEngine(call);
    for (const name of operands) {
      await volumes.remove(name, { force: values.force });
      if (!values.json) printLine(terminal, name);
    }
    if (values.json) printJson(terminal, { removed: operands });
    return 0;
  },
});

const prune = defineCommand({
  name: "volume prune",
  summary: "Remove the volumes that no container has and nobody gave a name",
  operands: "",
  least: 0,
  most: 0,
  options: {
    all: { type: "boolean", short: "a", help: "those with a name, too" },
    filter: { type: "string", multiple: true, value: "label=NAME[=VALUE]", help: "only those with a label; label!=, without it" },
    force: { type: "boolean", short: "f", help: "as always: nothing is asked" },
    json: JSON_OPTION,
  },
  async run(call) {
    const { values, terminal } = call;
    const filters = Object.fromEntries(parseFilters(values.filter, ["label", "label!"]));
    const { removed, bytes } = await (await volumeEngine(call)).volumes.prune({ all: values.all, filters });
    if (values.json) printJson(terminal, { removed, bytes });
    else for (const line of [...removed, `Total reclaimed space: ${formatSize(bytes)}`]) printLine(terminal, line);
    return 0;
  },
});

export const volume: CommandGroup = { name: "volume", summary: "Manage volumes", commands: [create, inspect, ls, rm, prune] };
