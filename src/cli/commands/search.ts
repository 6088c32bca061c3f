import type { FoundRepository } from "../../engine/engine.js";
import { defineCommand, JSON_OPTION } from "../command.js";
import { printJson, printTable } from "../terminal.js";
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
    json: JSON_OPTION,
  },
  async run({ values, operands: [term = ""], terminal, engine, signal }) {
    const { limit } = values;
    if (limit !== undefined && !/^\d{1,3}$/.test(limit)) throw new UsageError(`search: --limit takes a whole number, not "${limit}"`);
    const found = await (await engine()).images.search(term, { ...(limit === undefined ? {} : { limit: Number(limit) }), signal });
    if (values.json) {
      printJson(terminal, found);
      return 0;
    }
    const rows = found.map((each) => [
      each.name,
      descriptionOf(each, values["no-trunc"] ?? false),
      String(each.stars),
      each.official ? "[OK]" : "",
    ]);
    printTable(terminal, ["NAME", "DESCRIPTION", "STARS", "OFFICIAL"], rows);
    return 0;
  },
});

/** In one line, and without what would move a terminal's cursor. */
function descriptionOf({ description }: FoundRepository, whole: boolean): string {
  const text = description.replace(/[\s\p{Cc}]+/gu, " ").trim();
  return whole || text.length <= DESCRIPTION_WIDTH ? text : `${text.slice(0, DESCRIPTION_WIDTH - 1)}…`;
}
