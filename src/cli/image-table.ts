/** Images as `images` lists them: a row for each name, with docker's names of the columns. Pure. */
import type { ImageSummary } from "../engine/engine.js";
import { formatAge, formatMoment, formatSize } from "./quantities.js";

const SHORT_ID = 12;
const NONE = "<none>";

/** Docker's heading of each column. */
export const IMAGE_HEADINGS = {
  Repository: "REPOSITORY",
  Tag: "TAG",
  Digest: "DIGEST",
  ID: "IMAGE ID",
  CreatedSince: "CREATED",
  CreatedAt: "CREATED AT",
  Size: "SIZE",
} as const;

export type ImageRow = Readonly<Record<keyof typeof IMAGE_HEADINGS, string>>;

/** @param names those of its names that are asked for */
export function imageRows(
  { id, references, repoDigests, created, size }: Pick<ImageSummary, "id" | "references" | "repoDigests" | "created" | "size">,
  { whole, now, names = references }: { readonly whole: boolean; readonly now: Date; readonly names?: readonly string[] },
): ImageRow[] {
  const digests = new Map(repoDigests.map((name) => name.split("@") as [string, string]));
  return (names.length > 0 ? names : [`${NONE}:${NONE}`]).map((name) => {
    const [repository, tag] = splitTag(name);
    return {
      Repository: repository,
      Tag: tag,
      Digest: digests.get(repository) ?? NONE,
      ID: whole ? id : id.replace("sha256:", "").slice(0, SHORT_ID),
      CreatedSince: formatAge(created, now),
      CreatedAt: formatMoment(created),
      Size: formatSize(size),
    };
  });
}

function splitTag(name: string): [repository: string, tag: string] {
  const [, repository = name, tag = NONE] = /^(.*?)(?::([^:/@]+))?(?:@.*)?$/.exec(name) ?? [];
  return [repository, tag];
}
