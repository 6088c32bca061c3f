/** Files, directories and contents as a tar to be unpacked at the container's root. */
import { createReadStream } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import path from "node:path";
import { Readable, type Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import { CaissonError, optionError } from "../engine/errors.js";
import type { ContentToCopy, DirectoryToCopy, FileToCopy } from "./container-options.js";

export type CopySource =
  | ({ readonly kind: "file" } & FileToCopy)
  | ({ readonly kind: "directory" } & DirectoryToCopy)
  | ({ readonly kind: "content" } & ContentToCopy);

interface TarHeader {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode?: number;
}

const PERMISSIONS = 0o7777;

/** Reads the sources while the tar is read. @throws on the stream: PATH_NOT_FOUND, OPTION_INVALID */
export function copyArchive(sources: readonly CopySource[]): Readable {
  const tar = pack();
  writeAll(new Archive(tar), sources).then(
    () => tar.finalize(),
    (error: Error) => tar.destroy(error),
  );
  // Listens from now on: a failure may come before anybody reads.
  return Readable.from(tar, { objectMode: false });
}

async function writeAll(archive: Archive, sources: readonly CopySource[]): Promise<void> {
  for (const source of sources) {
    const { target, mode, uid = 0, gid = 0 } = source;
    if (!target.startsWith("/") || target.endsWith("/")) throw optionError("target", target, "an absolute path without a slash at its end");
    const header = { name: path.posix.normalize(target).slice(1), uid, gid };
    if (source.kind === "content") await archive.content({ ...header, mode: mode ?? 0o644 }, source.content);
    else if (source.kind === "file") await archive.file({ ...header, ...(mode === undefined ? {} : { mode }) }, source.source);
    else await archive.directory({ ...header, ...(mode === undefined ? {} : { mode }) }, source.source);
  }
}

class Archive {
  readonly #tar: ReturnType<typeof pack>;

  constructor(tar: ReturnType<typeof pack>) {
    this.#tar = tar;
  }

  async content(header: TarHeader, content: ContentToCopy["content"]): Promise<void> {
    const bytes = content instanceof Readable ? await buffer(content) : Buffer.from(content as string);
    this.#tar.entry({ ...header, mtime: new Date() }, bytes);
  }

  async file(header: TarHeader, source: string): Promise<void> {
    const stat = await lstat(source).catch((cause: unknown) => {
      throw missing(source, cause);
    });
    const common = { mode: stat.mode & PERMISSIONS, mtime: stat.mtime, ...header };
    if (stat.isSymbolicLink()) {
      this.#tar.entry({ ...common, type: "symlink", linkname: await readlink(source) });
    } else if (stat.isFile()) {
      const entry = this.#tar.entry({ ...common, size: stat.size }) as unknown as Writable;
      // A file that grows meanwhile must not make the archive longer than its header says.
      await pipeline(stat.size > 0 ? createReadStream(source, { end: stat.size - 1 }) : Readable.from([]), entry);
    } else if (stat.isDirectory()) {
      await this.directory(header, source);
    } else {
      throw optionError("source", source, "a file, a directory or a symbolic link");
    }
  }

  async directory(header: TarHeader, source: string): Promise<void> {
    const stat = await lstat(source).catch((cause: unknown) => {
      throw missing(source, cause);
    });
    if (!stat.isDirectory()) throw optionError("source", source, "a directory");
    this.#tar.entry({ ...header, mode: stat.mode & PERMISSIONS, mtime: stat.mtime, type: "directory" });
    for (const name of (await readdir(source)).sort())
      await this.file({ ...header, name: `${header.name}/${name}` }, path.join(source, name));
  }
}

function missing(source: string, cause: unknown): CaissonError<"PATH_NOT_FOUND"> {
  return new CaissonError("PATH_NOT_FOUND", `${source}, which is to be copied, can't be read: ${(cause as Error).message}`, {
    facts: { path: source },
    cause,
  });
}
