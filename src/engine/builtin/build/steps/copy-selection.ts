/** Which files a COPY or ADD means, and a digest of them: names, kinds, owners, modes, contents, and not times. */
import { createHash } from "node:crypto";
import path from "node:path";
import type { FileTree, TreeFile } from "../../../build-context/file-tree.js";
import { hasWildcard, ignoreExpression } from "../../../build-context/glob.js";
import { IgnoreFile, type Matches } from "../../../build-context/ignore-file.js";
import { type CacheStore, keyOf } from "../cache-store.js";

export interface Selected {
  readonly tree: FileTree;
  /** In the tree, links followed. */
  readonly path: string;
  /** What it is called where it is copied to; "" for a directory whose contents go there. */
  readonly name: string;
  readonly isDirectory: boolean;
  /** `--parents`: the directories that come along, relative to the destination. */
  readonly parents: readonly { readonly name: string; readonly path: string }[];
}

/** A source that is not there: the caller knows where it stands. */
export class SourceMissing extends Error {}

/** @param source a path, or a pattern, which may match nothing as in BuildKit; relative to the tree's root. @throws SourceMissing */
export async function select(tree: FileTree, source: string, parents: boolean): Promise<Selected[]> {
  if (parents) return selectWithParents(tree, source);
  const found = hasWildcard(source) ? await tree.glob(clean(source)) : [clean(source)];
  const selected: Selected[] = [];
  for (const each of found) {
    const { path: place, isDirectory } = await existing(tree, each);
    selected.push({ tree, path: place, name: isDirectory ? "" : path.posix.basename(each), isDirectory, parents: [] });
  }
  return selected;
}

/** `a/./b/c`: what comes after the `./` is kept; patterns in that part may have `**`, as in ignore files. */
async function selectWithParents(tree: FileTree, source: string): Promise<Selected[]> {
  const at = source.indexOf("/./");
  const pivot = clean(at === -1 ? "" : source.slice(0, at));
  const rest = clean(at === -1 ? source : source.slice(at + 3));
  const selected: Selected[] = [];
  for (const base of hasWildcard(pivot) ? await tree.glob(pivot) : [pivot]) {
    for (const name of hasWildcard(rest) ? await matching(tree, base, rest) : [rest]) {
      const full = joined(base, name);
      if (hasWildcard(source) && !(await tree.stat(full))) continue;
      const { path: place, isDirectory } = await existing(tree, full);
      selected.push({ tree, path: place, name, isDirectory, parents: await parentsOf(tree, base, name) });
    }
  }
  return selected;
}

async function existing(tree: FileTree, wanted: string) {
  const status = await tree.stat(wanted);
  if (status) return status;
  const reason = tree.why?.(wanted);
  throw new SourceMissing(`"/${wanted}": not found${reason === undefined ? "" : `: ${reason}`}`);
}

/** The topmost files and directories below `base` that a pattern matches. */
async function matching(tree: FileTree, base: string, pattern: string): Promise<string[]> {
  const expression = ignoreExpression(pattern);
  const directory = await tree.stat(base);
  if (!expression || !directory?.isDirectory) return [];
  const found: string[] = [];
  for await (const { entry } of tree.files(directory.path)) {
    const inside = found.some((each) => entry.name.startsWith(`${each}/`));
    if (entry.name !== "" && !inside && expression.test(entry.name)) found.push(entry.name);
  }
  return found.sort();
}

/** Never above the root. */
function clean(place: string): string {
  return path.posix.normalize(`/${place}`).replace(/^\/+|\/+$/g, "");
}

function joined(base: string, name: string): string {
  return [base, name].filter(Boolean).join("/");
}

async function parentsOf(tree: FileTree, base: string, name: string) {
  const parts = name.split("/").slice(0, -1);
  const names = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  return Promise.all(
    names.map(async (each) => {
      const full = joined(base, each);
      return { name: each, path: (await tree.stat(full))?.path ?? full };
    }),
  );
}

/** Files of one selection, without what is excluded. Names are relative to the selected path. */
export async function* selectedFiles(selected: Selected, exclude: readonly string[]): AsyncGenerator<TreeFile> {
  const ignore = exclude.length > 0 ? IgnoreFile.parse(exclude.join("\n"), "--exclude") : undefined;
  const kept = new Set<string>();
  const matches = new Map<string, Matches>();
  for await (const file of selected.tree.files(selected.path)) {
    const { name } = file.entry;
    if (ignore && (name !== "" || !selected.isDirectory)) {
      const result = ignore.match(name === "" ? path.posix.basename(selected.name) : name, matches.get(path.posix.dirname(name)));
      if (file.entry.type === "directory") matches.set(name, result.matches);
      if (result.ignored) continue;
    }
    kept.add(name);
    // The file that a hard link leads to may be one that is left out.
    if (file.entry.type === "hardlink" && !kept.has(file.entry.link)) yield* renamed(selected.tree.files(`${selected.path}/${name}`), name);
    else yield file;
  }
}

async function* renamed(files: AsyncIterable<TreeFile>, name: string): AsyncGenerator<TreeFile> {
  for await (const file of files) yield { ...file, entry: { ...file.entry, name } };
}

/** Digest of everything that is selected. Of files that can't change it is kept. */
export async function digestOf(selected: Selected, exclude: readonly string[], cache: CacheStore): Promise<string> {
  const { tree } = selected;
  const find = async (): Promise<string> => {
    const hash = createHash("sha256");
    for await (const file of selectedFiles(selected, exclude)) hash.update(`${JSON.stringify(await describe(file))}\n`);
    return hash.digest("hex");
  };
  const digest = await known(tree, selected.path, exclude, cache, find);
  return keyOf(digest, selected.name, selected.isDirectory);
}

async function known(
  { identity, contentKey }: FileTree,
  path: string,
  exclude: readonly string[],
  cache: CacheStore,
  find: () => Promise<string>,
): Promise<string> {
  if (contentKey !== undefined) return keyOf(contentKey, path, exclude);
  return identity === undefined ? find() : cache.fact(keyOf("files", identity, path, exclude), find);
}

async function describe(file: TreeFile): Promise<readonly unknown[]> {
  const { name, type, mode, uid, gid, size, link, major, minor, xattrs } = file.entry;
  const attributes = xattrs.map(([key, value]) => [key, value.toString("hex")]);
  const contents = type !== "file" ? "" : file.digest ? await file.digest() : await hashOf(file.contents());
  return [name, type, mode, uid, gid, size, link, major, minor, attributes, contents];
}

async function hashOf(contents: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of contents) hash.update(chunk);
  return hash.digest("hex");
}
