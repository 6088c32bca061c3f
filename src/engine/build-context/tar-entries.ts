/** The entries of a tar stream that may break off, which `pipe` alone would tell nobody. */
import type { Readable } from "node:stream";
import { type Extract, extract } from "tar-stream";

/** Iterating fails with what the source fails with. Where it is given up before the end, the source is destroyed. */
export function tarEntries(source: Readable): Extract {
  const entries = extract();
  source.on("error", (error) => entries.destroy(error));
  source.once("close", () => {
    if (!source.readableEnded) entries.destroy(new Error("A tar is cut short"));
  });
  entries.once("close", () => source.destroy());
  source.pipe(entries);
  return entries;
}
