import type { ImageSummary } from "../../engine/engine.js";
import { defineCommand, JSON_OPTION, QUIET_OPTION } from "../command.js";
import { formatAge, formatSize } from "../quantities.js";
import { printJson, printLine, printTable } from "../terminal.js";

const SHORT_ID = 12;

export const images = defineCommand({
  name: "images",
  summary: "List the images that are here",
  operands: "[REPOSITORY[:TAG]]",
  least: 0,
  most: 1,
  options: { quiet: QUIET_OPTION, json: JSON_OPTION, "no-trunc": { type: "boolean", help: "print whole ids" } },
  async run({ values, operands: [reference], terminal, engine }) {
    const found = await (await engine()).images.list({ reference });
    const idOf = ({ id }: ImageSummary): string => (values["no-trunc"] ? id : id.replace("sha256:", "").slice(0, SHORT_ID));
    if (values.json) printJson(terminal, found);
    else if (values.quiet) for (const image of found) printLine(terminal, idOf(image));
    else {
      const now = new Date();
      const rows = found.flatMap((image) =>
        (image.references.length > 0 ? image.references : ["<none>:<none>"]).map((name) => [
          ...splitTag(name),
          idOf(image),
          formatAge(image.created, now),
          formatSize(image.size),
        ]),
      );
      printTable(terminal, ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"], rows);
    }
    return 0;
  },
});

function splitTag(name: string): [repository: string, tag: string] {
  const [, repository = name, tag = "<none>"] = /^(.*?)(?::([^:/@]+))?(?:@.*)?$/.exec(name) ?? [];
  return [repository, tag];
}
