import { eventJson } from "../../engine/docker-api/event-line.js";
import type { EngineEvent } from "../../engine/engine.js";
import { defineCommand, JSON_OPTION } from "../command.js";
import { FILTER_OPTION, parseFilters } from "../filters.js";
import { FORMAT_OPTION } from "../format-template.js";
import { executeTemplate } from "../go-template/execute-template.js";
import { printLine } from "../terminal.js";
import { parseMoment, SINCE_OPTION, UNTIL_OPTION } from "../times.js";

const FILTERS = ["container", "event", "image", "label", "network", "type"];

export const events = defineCommand({
  name: "events",
  summary: "Print what happens, from now on",
  operands: "",
  least: 0,
  most: 0,
  options: {
    since: SINCE_OPTION,
    until: UNTIL_OPTION,
    filter: { ...FILTER_OPTION, help: `only those with ${FILTERS.join(", ")}` },
    format: { ...FORMAT_OPTION, help: "json, or a template with docker's names, such as '{{.Type}} {{.Action}} {{.Actor.ID}}'" },
    json: { ...JSON_OPTION, help: "print JSON, one event a line" },
  },
  async run({ values, terminal, lasting, signal }) {
    const filters = Object.fromEntries(parseFilters(values.filter, FILTERS));
    const [since, until] = [parseMoment("since", values.since), parseMoment("until", values.until)];
    for await (const event of (await lasting()).events({ filters, since, until, signal }))
      printLine(
        terminal,
        values.json ? JSON.stringify(event) : values.format === undefined ? describe(event) : formatted(values.format, event),
      );
    return 0;
  },
});

/** By docker's names, `ID`, `Status` and `From` of older templates included. */
function formatted(format: string, event: EngineEvent): string {
  const json = eventJson(event);
  if (format === "json") return JSON.stringify(json);
  const { status, id, from, scope, time, timeNano, ...rest } = json;
  return executeTemplate(format, {
    ...rest,
    // In JSON the fields have the names that they have in the API.
    toJSON: () => json,
    Status: status ?? "",
    ID: id ?? "",
    From: from ?? "",
    Scope: scope,
    Time: time,
    TimeNano: timeNano,
  });
}

/** As docker prints it. */
function describe({ time, type, action, id, attributes }: EngineEvent): string {
  const pairs = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  const details = pairs.length > 0 ? ` (${pairs.map(([name, value]) => `${name}=${value}`).join(", ")})` : "";
  return `${time.toISOString()} ${type} ${action} ${id}${details}`;
}
