import type { ImageService, ImageSummary } from "../../engine/engine.js";
import { anyOf, hasLabels, matchesReference } from "../../engine/filters.js";
import { defineCommand, JSON_OPTION, QUIET_OPTION } from "../command.js";
import { FILTER_OPTION, type Filters, parseBoolean, parseFilters } from "../filters.js";
import { FORMAT_OPTION } from "../format-template.js";
import { IMAGE_HEADINGS, imageRows } from "../image-table.js";
import { printRows } from "../print-rows.js";
import { ONE_PLATFORM } from "../refused-flags.js";
import { printJson, printLine } from "../terminal.js";
import { parseMoment } from "../times.js";

const FILTERS = ["before", "dangling", "label", "reference", "since", "until"];

export const images = defineCommand({
  name: "images",
  summary: "List the images that are here",
  operands: "[REPOSITORY[:TAG]]",
  least: 0,
  most: 1,
  options: {
    all: { type: "boolean", short: "a", help: "as always: there are none between the steps of a build" },
    digests: { type: "boolean", help: "print the digests that registries know, too" },
    filter: { ...FILTER_OPTION, help: "before=IMAGE, since=IMAGE, until=TIME, dangling=true|false, label=NAME[=VALUE], reference=PATTERN" },
    format: FORMAT_OPTION,
    quiet: QUIET_OPTION,
    json: JSON_OPTION,
    "no-trunc": { type: "boolean", help: "print whole ids" },
  },
  refuses: { tree: ONE_PLATFORM },
  async run({ values, operands: [reference], terminal, engine }) {
    const filters = parseFilters(values.filter, FILTERS);
    const service = (await engine()).images;
    const listed = await service.list({ reference });
    const passes = await imageFilter(service, filters);
    const found = listed.filter(passes);
    if (values.json) {
      printJson(terminal, found);
      return 0;
    }
    const [whole, now] = [values["no-trunc"] ?? false, new Date()];
    const patterns = [...(reference === undefined ? [] : [reference]), ...(filters.get("reference") ?? [])];
    const rows = found.flatMap((image) => imageRows(image, { whole, now, names: asked(image, patterns) }));
    if (values.quiet) for (const id of new Set(rows.map(({ ID }) => ID))) printLine(terminal, id);
    else
      printRows(terminal, values.format, {
        rows,
        headings: IMAGE_HEADINGS,
        table: ["Repository", "Tag", ...(values.digests ? ["Digest"] : []), "ID", "CreatedSince", "Size"],
      });
    return 0;
  },
});

/** Names that nobody asked for are not shown. */
function asked({ references }: ImageSummary, patterns: readonly string[]): readonly string[] {
  return patterns.length === 0 ? references : references.filter((name) => patterns.every((pattern) => matchesReference(name, pattern)));
}

/** @throws UsageError, IMAGE_NOT_FOUND */
async function imageFilter(service: ImageService, filters: Filters): Promise<(image: ImageSummary) => boolean> {
  const dangling = parseBoolean("dangling", filters.get("dangling")?.[0]);
  const until = parseMoment("filter until", filters.get("until")?.[0]);
  const madeOf = async (name: "before" | "since"): Promise<Date | undefined> => {
    const reference = filters.get(name)?.[0];
    return reference === undefined ? undefined : (await service.inspect(reference)).created;
  };
  const [before, since] = await Promise.all([madeOf("before"), madeOf("since")]);
  return ({ references, labels, created }) =>
    (dangling === undefined || (references.length === 0) === dangling) &&
    hasLabels(labels, filters.get("label")) &&
    anyOf(filters.get("reference"), (pattern) => references.some((name) => matchesReference(name, pattern))) &&
    (until === undefined || created < until) &&
    (before === undefined || created < before) &&
    (since === undefined || created > since);
}
