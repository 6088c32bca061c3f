import type { ImageHistory, ImageInspect } from "../../engine/engine.js";
import { defineCommand, JSON_OPTION } from "../command.js";
import { FORMAT_OPTION } from "../format-template.js";
import { printRows } from "../print-rows.js";
import { formatAge, formatSize } from "../quantities.js";
import { ONE_PLATFORM } from "../refused-flags.js";
import { printJson, printLine } from "../terminal.js";

const SHORT_ID = 12;
const CREATED_BY_WIDTH = 45;

/** Docker's names of the columns and their headings. */
const HEADINGS = {
  ID: "IMAGE",
  CreatedSince: "CREATED",
  CreatedAt: "CREATED AT",
  CreatedBy: "CREATED BY",
  Size: "SIZE",
  Comment: "COMMENT",
} as const;

const TABLE = ["ID", "CreatedSince", "CreatedBy", "Size", "Comment"] as const;

export const history = defineCommand({
  name: "history",
  summary: "Show the steps that made an image, the last one first, and how much each of them added",
  operands: "IMAGE",
  least: 1,
  most: 1,
  options: {
    quiet: { type: "boolean", short: "q", help: "print ids alone" },
    "no-trunc": { type: "boolean", help: "print whole ids and commands" },
    human: { type: "boolean", short: "H", help: "sizes with units and times since, as always; =false for bytes and dates" },
    format: FORMAT_OPTION,
    json: JSON_OPTION,
  },
  refuses: { platform: ONE_PLATFORM },
  async run({ values, operands: [reference = ""], terminal, engine }) {
    const image = await (await engine()).images.inspect(reference);
    const newestFirst = [...image.history].reverse();
    if (values.json) {
      printJson(terminal, newestFirst);
      return 0;
    }
    const now = new Date();
    const rows = newestFirst.map((step, index) =>
      columnsOf(image, step, { isLast: index === 0, now, whole: values["no-trunc"] ?? false, human: values.human ?? true }),
    );
    if (values.quiet) for (const { ID: id } of rows) printLine(terminal, id);
    else printRows(terminal, values.format, { rows, headings: HEADINGS, table: TABLE });
    return 0;
  },
});

/** Steps before the last one are no images of their own. */
function columnsOf(
  { id }: ImageInspect,
  { created, createdBy = "", comment = "", size }: ImageHistory,
  { isLast, now, whole, human }: { readonly isLast: boolean; readonly now: Date; readonly whole: boolean; readonly human: boolean },
): Record<keyof typeof HEADINGS, string> {
  const command = createdBy.replace(/\s+/g, " ");
  return {
    ID: isLast ? (whole ? id : id.replace("sha256:", "").slice(0, SHORT_ID)) : "<missing>",
    CreatedSince: created ? (human ? formatAge(created, now) : created.toISOString()) : "N/A",
    CreatedAt: created?.toISOString() ?? "N/A",
    CreatedBy: whole || command.length <= CREATED_BY_WIDTH ? command : `${command.slice(0, CREATED_BY_WIDTH - 1)}…`,
    Size: human ? formatSize(size) : String(size),
    Comment: comment,
  };
}
