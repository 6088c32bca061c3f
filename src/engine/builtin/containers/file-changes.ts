/** What a writable layer changes of the files below it. Pure. */
import type { FileChange } from "../../engine.js";

/** An entry of the writable layer, in the form of a layer's tar: `.wh.NAME` deletes, `.wh..wh..opq` replaces the directory it is in. */
export interface WrittenFile {
  /** Without slashes at either end. */
  readonly path: string;
  readonly isDirectory: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds. */
  readonly mtime: number;
}

/** What is at the path of an entry below. */
export type LowerFile = Omit<WrittenFile, "path">;

export interface FileChangesOptions {
  /** Parents before what is in them. */
  readonly written: readonly WrittenFile[];
  readonly lower: ReadonlyMap<string, LowerFile>;
  /** All paths below directories that were replaced, by directory. */
  readonly replaced: ReadonlyMap<string, readonly string[]>;
  /** Where something is mounted: what is there is not the container's doing. */
  readonly mounts: readonly string[];
}

const OPAQUE = ".wh..wh..opq";
const WHITEOUT = ".wh.";

/** Directories whose entries below are gone: those that were there below as directories. */
export function replacedDirectories(written: readonly WrittenFile[], lower: ReadonlyMap<string, LowerFile>): string[] {
  const opaque = written.filter(({ path }) => nameOf(path) === OPAQUE).map(({ path }) => parentOf(path));
  return opaque.filter((path) => lower.get(path)?.isDirectory && !opaque.some((other) => isBelow(path, other)));
}

export function fileChanges({ written, lower, replaced, mounts }: FileChangesOptions): FileChange[] {
  const kinds = new Map<string, FileChange["kind"]>();
  const files = new Map(written.map((file) => [file.path, file]));
  const there = new Map<string, LowerFile>();
  const isMounts = (path: string): boolean => mounts.some((mount) => path === mount || isBelow(path, mount));
  const holdsMount = (path: string): boolean => mounts.some((mount) => isBelow(mount, path));

  for (const file of written) {
    const { path } = file;
    const name = nameOf(path);
    const parent = parentOf(path);
    if (name.startsWith(WHITEOUT)) {
      const target = join(parent, name.slice(WHITEOUT.length));
      if (name !== OPAQUE && !isMounts(target)) kinds.set(target, "deleted");
      continue;
    }
    if (isMounts(path)) continue;
    // Below a link or a file there was nothing, whatever a path through it leads to.
    const below = parent === "" || there.get(parent)?.isDirectory ? lower.get(path) : undefined;
    if (below) there.set(path, below);
    if (!file.isDirectory || (below && !below.isDirectory)) kinds.set(path, below ? "changed" : "added");
    // The engine makes places to mount on: a directory that holds some counts only with what else is new in it.
    else if (!below && !holdsMount(path)) kinds.set(path, "added");
    else if (below && differs(file, below, holdsMount(path))) kinds.set(path, "changed");
  }
  for (const [directory, paths] of replaced) {
    for (const path of paths) {
      const parent = parentOf(path);
      if (!files.has(path) && !isMounts(path) && (parent === directory || files.get(parent)?.isDirectory)) kinds.set(path, "deleted");
    }
  }
  markParents(kinds, there);
  return [...kinds].map(([path, kind]) => ({ path: `/${path}`, kind })).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** A directory has changed when a name came or went in it, even where its times were set back. */
function markParents(kinds: Map<string, FileChange["kind"]>, there: ReadonlyMap<string, LowerFile>): void {
  for (const [path, kind] of [...kinds]) {
    if (kind === "changed") continue;
    for (let parent = parentOf(path); parent !== "" && !kinds.has(parent); parent = parentOf(parent)) {
      kinds.set(parent, there.has(parent) ? "changed" : "added");
      if (there.has(parent)) break;
    }
  }
}

function differs(file: LowerFile, below: LowerFile, timesAreOurs: boolean): boolean {
  return file.mode !== below.mode || file.uid !== below.uid || file.gid !== below.gid || (!timesAreOurs && file.mtime !== below.mtime);
}

function isBelow(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function join(directory: string, name: string): string {
  return directory === "" ? name : `${directory}/${name}`;
}
