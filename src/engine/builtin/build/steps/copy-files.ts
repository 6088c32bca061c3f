/** COPY and ADD of files: where each goes, and the tar that puts it there. Rules of the reference's "COPY" and BuildKit's fsutil. */

import { TAR_END, type TarEntry, tarHeader } from "../../../build-context/tar-stream-codec.js";
import { tarFile } from "../../../build-context/tree-tar.js";
import { pathsTo } from "../files/dangling-links.js";
import type { ModeChange } from "../files/file-mode.js";
import type { FileStatus } from "../files/root-files.js";
import { relative } from "../files/root-files.js";
import { type Selected, selectedFiles } from "./copy-selection.js";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface CopyPlacement {
  /** Absolute; a slash at its end says that it is a directory. */
  readonly destination: string;
  /** Status of the destination and of each directory above it, by path; absent ones are made. */
  readonly known: ReadonlyMap<string, FileStatus>;
  readonly owner: Owner | undefined;
  readonly mode: ModeChange | undefined;
  readonly exclude: readonly string[];
  /** Seconds: of directories that are made on the way. */
  readonly now: number;
}

/** What can't be copied to where it should go: the caller knows where it stands. */
export class CopyRefused extends Error {}

/** The whole archive, to be unpacked at the root. */
export async function* copyTar(selections: readonly Selected[], placement: CopyPlacement): AsyncGenerator<Buffer> {
  const { known } = placement;
  const directory = directoryOf(selections, placement);
  const made = new Set<string>();
  if (!directory.exists) yield* makeDirectories(directory.path, placement, made);
  const base = directory.exists ? relative(directory.path) : resolved(directory.path, known);
  for (const selected of selections) {
    const top = join(base, selected.isDirectory ? selected.name : (directory.name ?? selected.name));
    for (const parent of selected.parents) {
      if (made.has(parent.name)) continue;
      made.add(parent.name);
      for await (const file of selected.tree.files(parent.path)) {
        yield tarHeader(changed({ ...file.entry, name: join(base, parent.name) }, placement));
        break;
      }
    }
    for await (const file of selectedFiles(selected, placement.exclude)) {
      const isTop = file.entry.name === "";
      // A directory that receives others' contents keeps what it is.
      if (isTop && selected.isDirectory && selected.name === "") continue;
      const name = isTop ? top : join(top, file.entry.name);
      const link = file.entry.type === "hardlink" ? join(top, file.entry.link) : file.entry.link;
      yield* tarFile(changed({ ...file.entry, name, link }, placement), file.contents);
    }
  }
  yield TAR_END;
}

/** The directory that receives, and the name in it where the destination is that of one file. @throws CopyRefused */
function directoryOf(
  selections: readonly Selected[],
  { destination, known }: CopyPlacement,
): { path: string; name?: string; exists?: true } {
  const path = `/${relative(destination).replace(/\/+$/, "")}`;
  const there = path === "/" ? "directory" : known.get(path)?.type;
  const asDirectory = destination.endsWith("/") || there === "directory";
  const copiesDirectory = selections.some(({ isDirectory }) => isDirectory);
  if (there !== undefined && there !== "directory" && (destination.endsWith("/") || copiesDirectory)) {
    throw new CopyRefused(`cannot copy to non-directory: ${path}`);
  }
  if (asDirectory || copiesDirectory || selections.some(({ parents }) => parents.length > 0)) return { path };
  // What is there already is written to, also where a link leads to it.
  const existing = known.get(path);
  const file = existing ? `/${existing.path}` : path;
  const slash = file.lastIndexOf("/");
  return { path: file.slice(0, slash) || "/", name: file.slice(slash + 1), ...(existing ? { exists: true } : {}) };
}

function* makeDirectories(path: string, { known, owner, now }: CopyPlacement, made: Set<string>): Generator<Buffer> {
  for (const each of pathsTo(path)) {
    const there = known.get(each);
    if (there && there.type !== "directory") throw new CopyRefused(`cannot make a directory below ${each}, which is a ${there.type}`);
    if (there || made.has(each)) continue;
    made.add(each);
    yield tarHeader({
      ...{ name: resolved(each, known), type: "directory", mode: 0o755, size: 0, mtime: now, link: "", major: 0, minor: 0, xattrs: [] },
      ...(owner ?? { uid: 0, gid: 0 }),
    });
  }
}

/** Without a leading slash, the links on the way followed. @param known status of the path and of those above it, where they are there */
export function resolved(path: string, known: ReadonlyMap<string, FileStatus>): string {
  const parts = pathsTo(path);
  const deepest = parts.findLastIndex((each) => known.has(each));
  if (deepest === -1) return relative(path);
  return join(known.get(parts[deepest]!)!.path, relative(path.slice(parts[deepest]!.length)));
}

function join(a: string, b: string): string {
  if (a === "" || b === "") return a + b;
  return `${a}/${b}`;
}

function changed(entry: TarEntry, { owner, mode }: CopyPlacement): TarEntry {
  const isLink = entry.type === "symlink";
  return { ...entry, ...owner, mode: mode && !isLink ? mode(entry.mode, entry.type === "directory") : entry.mode };
}
