import type { FoundRepository } from "../../engine/engine.js";
import { defineCommand, JSON_OPTION } from "../command.js";
import { FILTER_OPTION, type Filters, parseBoolean, parseFilters } from "../filters.js";
import { FORMAT_OPTION } from "../format-template.js";
import { printRows } from "../print-rows.js";
import { parseNumber } from "../quantities.js";
import { printJson } from "../terminal.js";
import { UsageError } from "../usage.js";

const DESCRIPTION_WIDTH = 45;

export const search = defineCommand({
  name: "search",
  summary: "Look for images in Docker Hub, or in another registry: HOST[:PORT]/WORD",
  operands: "TERM",
  least: 1,
  most: 1,
  options: {
    limit: { type: "string", value: "N", help: "at most so many, up to 100; default: 25" },
    "no-trunc": { type: "boolean", help: "print whole descriptions" },
    filter: { ...FILTER_OPTION, help: "is-official=true|false, stars=N: at least so many" },
    format: FORMAT_OPTION,
    json: JSON_OPTION,
  },
  async run({ values, operands: [term = ""], terminal, engine, signal }) {
    const { limit } = values;
    if (limit !== undefined && !/^\d{1,3}$/.test(limit)) throw new UsageError(`search: --limit takes a whole number, not "${limit}"`);
    const passes = searchFilter(parseFilters(values.filter, ["is-official", "stars"]));
    const options = { ...(limit === undefined ? {} : { limit: Number(limit) }), signal };
    const found = (await (await engine()).images.search(term, options)).filter(passes);
    if (values.json) {
      printJson(terminal, found);
      return 0;
    }
    printRows(terminal, values.format, {
      rows: found.map((each) => ({
        Name: each.name,
        Description: descriptionOf(each, values["no-trunc"] ?? false),
        StarCount: String(each.stars),
        IsOfficial: each.official ? "[OK]" : "",
      })),
      headings: { Name: "NAME", Description: "DESCRIPTION", StarCount: "STARS", IsOfficial: "OFFICIAL" },
      table: ["Name", "Description", "StarCount", "IsOfficial"],
    });
    return 0;
  },
});

/** @throws UsageError */
function searchFilter(filters: Filters): (found: FoundRepository) => boolean {
  const official = parseBoolean("is-official", filters.get("is-official")?.[0]);
  const least = Math.max(0, ...(filters.get("stars") ?? []).map((text) => parseNumber("filter stars", text)));
  return (found) => (official === undefined || found.official === official) && found.stars >= least;
}

/** In one line, and without what would move a terminal's cursor. */
function descriptionOf({ description }: FoundRepository, whole: boolean): string {
  const text = description.replace(/[\s\p{Cc}]+/gu, " ").trim();
  return whole || text.length <= DESCRIPTION_WIDTH ? text : `${text.slice(0, DESCRIPTION_WIDTH - 1)}…`;
}
