/** The files of a context that a builder asks for, of those that the ignore rules leave. */
import { lstatSync } from "node:fs";
import path from "node:path";
import type { ContextTree } from "../../build-context/context-tree.js";
import { matchExpression } from "../../build-context/glob.js";
import type { SentFile } from "./buildkit/file-send.js";

/** @param wanted paths and patterns, with all that is below them; none of them: everything */
export async function* contextFiles(directory: string, files: ContextTree, wanted: readonly string[]): AsyncGenerator<SentFile> {
  const selected = await selection(files, wanted);
  for await (const { entry, contents } of files.files("")) {
    if (entry.name === "" || !selected(entry.name)) continue;
    const status = lstatSync(path.join(directory, entry.name), { bigint: true, throwIfNoEntry: false });
    yield { entry, modified: status?.mtimeNs ?? BigInt(entry.mtime) * 1_000_000_000n, contents };
  }
}

/** A path that leads through a link needs what the link leads to: then everything is sent. */
async function selection(files: ContextTree, wanted: readonly string[]): Promise<(name: string) => boolean> {
  const everything = (): boolean => true;
  const patterns = wanted.map((each) => path.posix.normalize(`/${each}`).split("/").filter(Boolean));
  if (patterns.length === 0 || patterns.some(({ length }) => length === 0)) return everything;
  for (const parts of patterns) {
    if (parts.some(hasMagic)) {
      for (const found of await files.glob(parts.join("/"))) if ((await files.stat(found))?.path !== found) return everything;
      continue;
    }
    const found = await files.stat(parts.join("/"));
    if (found && found.path !== parts.join("/")) return everything;
  }
  const expressions = patterns.map((parts) => parts.map((part) => matchExpression(part)));
  return (name) => {
    const parts = name.split("/");
    return expressions.some((expression) => parts.every((part, at) => at >= expression.length || (expression[at]?.test(part) ?? true)));
  };
}

function hasMagic(part: string): boolean {
  return /[*?[\\]/.test(part);
}
