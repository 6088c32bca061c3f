/** Where a path leads, links to what is not there yet included: what is copied to such a link goes to its target, as in BuildKit. */
import path from "node:path";
import type { Session } from "../../containers/session.js";
import { SupervisorFailure } from "../../supervisor/supervisor-failure.js";
import { statInRoot } from "./root-files.js";
import { RootfsTree } from "./rootfs-tree.js";

const LINKS_MAX = 40;

/** A link that leads to itself: the caller knows where it stands. */
export class TooManyLinks extends Error {}

/** `/a/b/c` gives `/a`, `/a/b`, `/a/b/c`. */
export function pathsTo(destination: string): string[] {
  const parts = destination.split("/").filter(Boolean);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
}

/** @param layers directories, lowest first; @param wanted absolute. A slash at its end stays. @throws TooManyLinks */
export async function followDangling(session: Session, layers: readonly string[], wanted: string): Promise<string> {
  let place = wanted;
  for (let links = 0; links < LINKS_MAX; links++) {
    const paths = pathsTo(place);
    const found = await statInRoot(session, layers, paths);
    const missing = found.indexOf(undefined);
    if (missing === -1) return place;
    const link = await linkAt(session, layers, paths[missing]!);
    if (link === undefined) return place;
    const above = missing === 0 ? "" : found[missing - 1]!.path;
    const target = path.posix.resolve(`/${above}`, link);
    place = `${target === "/" ? "" : target}${place.slice(paths[missing]!.length)}`;
  }
  throw new TooManyLinks(`${wanted}: too many links`);
}

/** What a link says; undefined for anything else, and for nothing. */
async function linkAt(session: Session, layers: readonly string[], place: string): Promise<string | undefined> {
  try {
    for await (const { entry } of new RootfsTree(session, layers, []).files(place))
      return entry.type === "symlink" ? entry.link : undefined;
    return undefined;
  } catch (error) {
    if (error instanceof SupervisorFailure && (error.code === "ENOENT" || error.code === "ENOTDIR")) return undefined;
    throw error;
  }
}
