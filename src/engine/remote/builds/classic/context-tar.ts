/** A context as the tar that `POST /build` takes, the Dockerfile in it wherever it stands. */
import { createReadStream, lstatSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { PLAIN_ENTRY, TAR_END, type TarEntry } from "../../../build-context/tar-stream-codec.js";
import { tarFile } from "../../../build-context/tree-tar.js";
import type { BuildOptions } from "../../../engine.js";
import type { DirectorySource } from "../build-source.js";

export interface ContextTar {
  readonly body: AsyncIterable<Uint8Array>;
  /** The Dockerfile's path in it. */
  readonly dockerfile: string;
}

const IGNORE_FILE = ".dockerignore";
/** For a Dockerfile that is not in the context. The same for every build: its name must not change what is cached. */
const STRAY = ".dockerfile.caisson";

/** The daemon takes those two out again where the ignore file names them (moby builder/remotecontext/detect.go). */
export async function contextTar(source: DirectorySource, options: BuildOptions): Promise<ContextTar> {
  const { directory, plan, ignore } = source;
  const relative = path.relative(directory, path.resolve(directory, plan.dockerfile.file)).replaceAll("\\", "/");
  const inside = options.dockerfileText === undefined && !relative.startsWith("../") && !path.isAbsolute(relative);
  if (!inside) return { body: tarOf(source, await strayFiles(source)), dockerfile: STRAY };
  // Rules that exclude them are obeyed by the daemon, which needs to see them first.
  const hidden = ignore.ignores(relative) || ignore.ignores(IGNORE_FILE);
  const shown = hidden ? [[relative, Buffer.from(plan.text)] as const, ...(await ignoreFile(directory))] : [];
  return { body: tarOf(source, shown), dockerfile: relative };
}

async function strayFiles({ directory, plan, ignore }: DirectorySource): Promise<readonly (readonly [string, Buffer])[]> {
  const [[, rules] = [IGNORE_FILE, undefined]] = ignore.ignores(IGNORE_FILE) ? [] : await ignoreFile(directory);
  // Where there was none, it goes as well.
  const text = `${rules === undefined ? IGNORE_FILE : rules.toString()}\n${STRAY}\n`;
  return [
    [STRAY, Buffer.from(plan.text)],
    [IGNORE_FILE, Buffer.from(text)],
  ];
}

async function ignoreFile(directory: string): Promise<readonly (readonly [string, Buffer])[]> {
  const text = await readFile(path.join(directory, IGNORE_FILE)).catch(() => undefined);
  return text === undefined ? [] : [[IGNORE_FILE, text]];
}

async function* tarOf({ directory, files }: DirectorySource, added: readonly (readonly [string, Buffer])[]): AsyncGenerator<Uint8Array> {
  const replaced = new Set(added.map(([name]) => name));
  for await (const { entry, contents } of files.files("")) {
    if (entry.name === "" || replaced.has(entry.name)) continue;
    // A link to what is replaced has nothing to lead to any more.
    if (entry.type === "hardlink" && replaced.has(entry.link)) yield* loneFile(directory, entry);
    else yield* tarFile(entry, contents);
  }
  for (const [name, contents] of added) {
    yield* tarFile({ ...PLAIN, name, size: contents.length }, async function* () {
      yield contents;
    });
  }
  yield TAR_END;
}

const PLAIN = { ...PLAIN_ENTRY, type: "file", mode: 0o644 } as const;

function loneFile(directory: string, entry: TarEntry): AsyncGenerator<Buffer> {
  const host = path.join(directory, entry.name);
  const { size } = lstatSync(host);
  return tarFile(
    { ...entry, type: "file", link: "", size },
    () => createReadStream(host, { end: Math.max(size - 1, 0) }) as AsyncIterable<Buffer>,
  );
}
