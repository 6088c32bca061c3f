import type { NetworkSpec } from "../../engine/engine.js";
import { type CommandGroup, defineCommand, JSON_OPTION } from "../command.js";
import { eachOperand, unlessMissing } from "../each-operand.js";
import { FILTER_OPTION, parseFilters } from "../filters.js";
import { FORMAT_OPTION } from "../format-template.js";
import { labelText, printRows } from "../print-rows.js";
import { PRUNE_FILTER_OPTION, pruneFilters } from "../prune-filters.js";
import { REFUSED_NETWORK_FLAGS } from "../refused-flags.js";
import { pairs } from "../split-at.js";
import { printJson, printLine } from "../terminal.js";
import { UsageError } from "../usage.js";
import { inspectNetwork } from "./inspect.js";

const SHORT_ID = 12;
const MANY = { operands: "NETWORK [NETWORK...]", least: 1, most: Number.POSITIVE_INFINITY } as const;

const create = defineCommand({
  name: "network create",
  summary: "Make a network, and print its id",
  operands: "NAME",
  least: 1,
  most: 1,
  options: {
    driver: { type: "string", short: "d", value: "bridge", help: "there is no other" },
    subnet: { type: "string", multiple: true, value: "CIDR", help: "at most one of each family; default: chosen" },
    gateway: { type: "string", multiple: true, value: "ADDRESS", help: "of the subnet in the same place" },
    "ip-range": {
      type: "string",
      multiple: true,
      value: "CIDR",
      help: "automatic addresses come from this part of the subnet in the same place",
    },
    internal: { type: "boolean", help: "no way out of it" },
    ipv6: { type: "boolean", help: "IPv6 addresses, too" },
    label: { type: "string", multiple: true, value: "NAME[=VALUE]", help: "set a label" },
  },
  refuses: REFUSED_NETWORK_FLAGS,
  async run({ values, operands: [name], terminal, lasting }) {
    if (values.driver !== undefined && values.driver !== "bridge")
      throw new UsageError(`--driver ${values.driver}: there is none but bridge`);
    const { internal, ipv6 } = values;
    const labels = values.label && pairs(values.label);
    const { id } = await (await lasting()).networks.create({ name, internal, ipv6, labels, subnets: subnets(values) });
    printLine(terminal, id);
    return 0;
  },
});

/** Docker's heading of each column. */
const NETWORK_HEADINGS = {
  ...{ ID: "NETWORK ID", Name: "NAME", Driver: "DRIVER", Scope: "SCOPE" },
  ...{ IPv6: "IPV6", Internal: "INTERNAL", Labels: "LABELS", CreatedAt: "CREATED AT" },
} as const;

interface SubnetValues {
  readonly subnet?: readonly string[] | undefined;
  readonly gateway?: readonly string[] | undefined;
  readonly "ip-range"?: readonly string[] | undefined;
}

/** @throws UsageError */
function subnets({ subnet = [], gateway = [], "ip-range": ranges = [] }: SubnetValues): NetworkSpec["subnets"] {
  if (gateway.length > subnet.length) throw new UsageError("--gateway needs the --subnet that it is in");
  if (ranges.length > subnet.length) throw new UsageError("--ip-range needs the --subnet that it is part of");
  return subnet.length === 0 ? undefined : subnet.map((text, at) => ({ subnet: text, gateway: gateway[at], ipRange: ranges[at] }));
}

const ls = defineCommand({
  name: "network ls",
  aliases: ["network list"],
  summary: "List the networks of containers that stay",
  operands: "",
  least: 0,
  most: 0,
  options: {
    filter: { ...FILTER_OPTION, help: "label=NAME=VALUE, name=PART" },
    quiet: { type: "boolean", short: "q", help: "print ids alone" },
    "no-trunc": { type: "boolean", help: "print whole ids" },
    format: FORMAT_OPTION,
    json: JSON_OPTION,
  },
  async run({ values, terminal, lasting }) {
    const filters = parseFilters(values.filter, ["label", "name"]);
    const label = filters.get("label");
    const found = await (await lasting()).networks.list({ name: filters.get("name")?.[0], labels: label && pairs(label) });
    const idOf = (id: string): string => (values["no-trunc"] ? id : id.slice(0, SHORT_ID));
    if (values.json) printJson(terminal, found);
    else if (values.quiet) for (const { id } of found) printLine(terminal, idOf(id));
    else
      printRows(terminal, values.format, {
        rows: found.map((each) => ({
          ...{ ID: idOf(each.id), Name: each.name, Driver: each.driver, Scope: "local" },
          ...{ IPv6: String(each.ipv6), Internal: String(each.internal) },
          ...{ Labels: labelText(each.labels), CreatedAt: each.created.toISOString() },
        })),
        headings: NETWORK_HEADINGS,
        table: ["ID", "Name", "Driver", "Scope"],
      });
    return 0;
  },
});

const rm = defineCommand({
  name: "network rm",
  aliases: ["network remove"],
  summary: "Remove networks that no running container is on",
  ...MANY,
  options: { force: { type: "boolean", short: "f", help: "what is not there is no error" } },
  async run({ values: { force = false }, operands, terminal, lasting }) {
    const { networks } = await lasting();
    return eachOperand(operands, terminal, (name) => unlessMissing(force, "NETWORK_NOT_FOUND", networks.remove(name)));
  },
});

const prune = defineCommand({
  name: "network prune",
  summary: "Remove the networks that no container is on",
  operands: "",
  least: 0,
  most: 0,
  options: { filter: PRUNE_FILTER_OPTION, force: { type: "boolean", short: "f", help: "as always: nothing is asked" } },
  async run({ values, terminal, lasting }) {
    const filters = pruneFilters(values.filter);
    for (const name of await (await lasting()).networks.prune({ filters })) printLine(terminal, name);
    return 0;
  },
});

const connect = defineCommand({
  name: "network connect",
  summary: "Put a container on a network",
  operands: "NETWORK CONTAINER",
  least: 2,
  most: 2,
  options: {
    alias: { type: "string", multiple: true, value: "NAME", help: "one more name of it there" },
    ip: { type: "string", value: "ADDRESS", help: "IPv4 address; default: the next free one" },
    ip6: { type: "string", value: "ADDRESS", help: "IPv6 address; default: the next free one" },
  },
  async run({ values, operands: [network = "", container = ""], lasting }) {
    const endpoint = { aliases: values.alias, ipv4Address: values.ip, ipv6Address: values.ip6 };
    await (await lasting()).networks.connect(network, container, endpoint);
    return 0;
  },
});

const disconnect = defineCommand({
  name: "network disconnect",
  summary: "Take a container off a network",
  operands: "NETWORK CONTAINER",
  least: 2,
  most: 2,
  options: { force: { type: "boolean", short: "f", help: "also a container that is gone and that a daemon has left there" } },
  async run({ values: { force }, operands: [network = "", container = ""], lasting }) {
    await (await lasting()).networks.disconnect(network, container, { force });
    return 0;
  },
});

export const network: CommandGroup = {
  name: "network",
  summary: "Manage the networks of containers that stay",
  commands: [create, ls, inspectNetwork, connect, disconnect, rm, prune],
};
