/** `compose ps` and `compose logs`: what a project's containers are, and what they say. */
import type { ContainerStatus, ContainerSummary } from "../../engine/engine.js";
import type { Call } from "../command.js";
import { defineCommand, JSON_OPTION } from "../command.js";
import { labelInProject, logPrefixes } from "../compose-display.js";
import { PROJECT_OPTIONS } from "../compose-flags.js";
import { showContainerLog } from "../compose-logs.js";
import { findProject } from "../compose-project.js";
import { CONTAINER_HEADINGS, containerColumns } from "../container-table.js";
import { FILTER_OPTION, parseFilters } from "../filters.js";
import { FORMAT_OPTION } from "../format-template.js";
import { printRows } from "../print-rows.js";
import { parseNumber } from "../quantities.js";
import { isAnythingKept } from "../server/anything-kept.js";
import { printJson, printLine } from "../terminal.js";
import { parseMoment, SINCE_OPTION, UNTIL_OPTION } from "../times.js";

const HEADINGS = {
  ...CONTAINER_HEADINGS,
  ...{ Name: "NAME", Service: "SERVICE", Project: "PROJECT", ExitCode: "EXIT CODE", Publishers: "PUBLISHERS" },
};
const TABLE = ["Name", "Image", "Command", "Service", "RunningFor", "Status", "Ports"];

export const composePs = defineCommand({
  name: "compose ps",
  summary: "List the containers of a Compose file",
  operands: "[SERVICE...]",
  least: 0,
  most: Number.POSITIVE_INFINITY,
  options: {
    ...PROJECT_OPTIONS,
    all: { type: "boolean", short: "a", help: "those that do not run, too" },
    quiet: { type: "boolean", short: "q", help: "print ids alone" },
    services: { type: "boolean", help: "print the names of the services alone" },
    status: { type: "string", multiple: true, value: "STATUS", help: "those in this state: created, running, paused, exited, ..." },
    // `-f` is the file here.
    filter: { type: "string", multiple: true, value: FILTER_OPTION.value, help: "status=STATUS: as --status" },
    format: FORMAT_OPTION,
    "no-trunc": { type: "boolean", help: "print whole ids and commands" },
    json: JSON_OPTION,
  },
  async run(call) {
    const { values, operands, terminal } = call;
    const status = [...(values.status ?? []), ...(parseFilters(values.filter, ["status"]).get("status") ?? [])] as ContainerStatus[];
    const { name, containers } = await containersOf(call, operands, { all: values.all ?? status.length > 0, status });
    const shape = { whole: values["no-trunc"] ?? false, now: Date.now() };
    const rows = containers.map(({ service, container }) => {
      const own = { Name: container.name, Service: service, Project: name, ...stateColumns(container) };
      return { ...containerColumns(container, shape), ...own };
    });
    const summaries = containers.map(({ container }) => container);
    if (values.json) printJson(terminal, summaries);
    else if (values.quiet) for (const { id } of summaries) printLine(terminal, id);
    else if (values.services) for (const service of new Set(containers.map(({ service }) => service))) printLine(terminal, service);
    else printRows(terminal, values.format, { rows, headings: HEADINGS, table: TABLE });
    return 0;
  },
});

export const composeLogs = defineCommand({
  name: "compose logs",
  summary: "Print what the containers of a Compose file have written",
  operands: "[SERVICE...]",
  least: 0,
  most: Number.POSITIVE_INFINITY,
  options: {
    ...PROJECT_OPTIONS,
    // As docker has it, whose files are named before the command.
    file: { ...PROJECT_OPTIONS.file, short: undefined },
    follow: { type: "boolean", short: "f", help: "go on until they end" },
    tail: { type: "string", short: "n", value: "NUMBER|all", help: "the last so many lines of each; default: all" },
    since: SINCE_OPTION,
    until: UNTIL_OPTION,
    timestamps: { type: "boolean", short: "t", help: "begin each line with its time" },
    "no-color": { type: "boolean", help: "no colours" },
    "no-log-prefix": { type: "boolean", help: "lines of logs as they are" },
  },
  async run(call) {
    const { values, operands, terminal, environment, signal } = call;
    const { follow, timestamps } = values;
    const tail = values.tail === undefined || values.tail === "all" ? undefined : parseNumber("tail", values.tail);
    const [since, until] = [parseMoment("since", values.since), parseMoment("until", values.until)];
    const { name, containers } = await containersOf(call, operands, { all: true });
    if (containers.length === 0) return 0;
    const labelled = containers.map(({ container }) => ({ id: container.id, label: labelInProject(name, container.name) }));
    const coloured = terminal.stdout.isTTY === true && !values["no-color"] && !environment["NO_COLOR"];
    const labels = labelled.map(({ label }) => label);
    const view = {
      ...{ engine: await call.lasting(), terminal, signal },
      prefixes: values["no-log-prefix"] ? undefined : logPrefixes(labels, coloured),
    };
    const show = (each: (typeof labelled)[number]): Promise<void> =>
      showContainerLog(each, { follow, timestamps, tail, since, until }, view);
    // What is over is told one by one, what goes on side by side.
    if (follow) await Promise.all(labelled.map(show));
    else for (const each of labelled) await show(each);
    return 0;
  },
});

/** What docker's Compose tells of each container beside docker's own columns, as far as the list tells it: by the words of its status. */
export function stateColumns({ statusText, ports }: Pick<ContainerSummary, "statusText" | "ports">) {
  return {
    ExitCode: Number(/^(?:Exited|Restarting) \((\d+)\)/.exec(statusText)?.[1] ?? 0),
    Publishers: ports.map(({ hostIp, hostPort, containerPort, protocol }) => ({
      URL: hostIp,
      TargetPort: containerPort,
      PublishedPort: hostPort,
      Protocol: protocol,
    })),
  };
}

interface ServiceContainer {
  readonly service: string;
  readonly container: ContainerSummary;
}

/** In the order of their names. None where no server runs, which is not started for that. */
async function containersOf(
  call: Call<typeof PROJECT_OPTIONS>,
  services: readonly string[],
  { all, status }: { readonly all: boolean; readonly status?: readonly ContainerStatus[] },
): Promise<{ readonly name: string; readonly containers: readonly ServiceContainer[] }> {
  const { name } = await findProject(call, services);
  if (!(await isAnythingKept(call.environment))) return { name, containers: [] };
  const { listProject } = await import("../../compose/index.js");
  const found = await listProject(await call.lasting(), name, { all, filters: status?.length ? { status } : {} });
  const chosen = found.filter(({ service }) => services.length === 0 || services.includes(service));
  return { name, containers: chosen.sort((one, other) => one.container.name.localeCompare(other.container.name, "en", { numeric: true })) };
}
