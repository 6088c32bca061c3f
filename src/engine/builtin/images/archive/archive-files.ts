/** The files of an image archive, spooled to disk: a tar can be read once, and what names its parts may come last. */
import { createWriteStream } from "node:fs";
import { mkdir, open, readFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { CaissonError, throwIfAborted } from "../../../errors.js";
import { inStore } from "../store-failure.js";

/** Bigger than any manifest or configuration. */
const JSON_MAX = 8 << 20;

export class ArchiveFiles {
  readonly #files: ReadonlyMap<string, string>;

  private constructor(files: ReadonlyMap<string, string>) {
    this.#files = files;
  }

  /** @throws IMAGE_ARCHIVE_INVALID, DISK_FULL, STORE_UNWRITABLE, ABORTED, and what the source throws */
  static async spool(tar: AsyncIterable<Uint8Array>, directory: string, signal?: AbortSignal): Promise<ArchiveFiles> {
    await inStore(directory, () => mkdir(directory, { recursive: true }));
    const files = new Map<string, string>();
    const links = new Map<string, string>();
    const unpack = extract();
    let sourceError: unknown;
    const fed = pipeline(
      caught(tar, (error) => (sourceError = error)),
      unpack,
    );
    fed.catch(() => {});
    try {
      for await (const entry of unpack) {
        throwIfAborted("load", signal);
        const { name, type, linkname } = entry.header;
        const key = clean(name);
        if (type === "file") {
          const file = path.join(directory, String(files.size));
          await inStore(file, () => pipeline(entry, createWriteStream(file)));
          files.set(key, file);
        } else {
          if ((type === "symlink" || type === "link") && linkname)
            links.set(key, type === "link" ? clean(linkname) : path.posix.join(path.posix.dirname(key), linkname));
          entry.resume();
        }
      }
      await fed;
    } catch (error) {
      if (sourceError) throw sourceError;
      throw error instanceof CaissonError ? error : invalid(`it is no tar, or damaged: ${(error as Error).message}`, error);
    }
    // Older versions of docker link a layer that two images share.
    for (const [name, target] of links) {
      const file = files.get(target);
      if (file) files.set(name, file);
    }
    return new ArchiveFiles(files);
  }

  has(name: string): boolean {
    return this.#files.has(clean(name));
  }

  /** Where a member is on disk. @throws IMAGE_ARCHIVE_INVALID when there is none */
  path(name: string): string {
    const file = this.#files.get(clean(name));
    if (file !== undefined) return file;
    throw invalid(`it names ${name}, but doesn't have it`);
  }

  /** A small member. @throws IMAGE_ARCHIVE_INVALID */
  async bytes(name: string): Promise<Buffer> {
    const file = this.path(name);
    const handle = await open(file);
    const { size } = await handle.stat().finally(() => handle.close());
    if (size > JSON_MAX) throw invalid(`${name} has ${size} bytes, which no such document has`);
    return readFile(file);
  }

  /** @throws IMAGE_ARCHIVE_INVALID */
  async json(name: string): Promise<unknown> {
    const bytes = await this.bytes(name);
    try {
      return JSON.parse(bytes.toString("utf8"));
    } catch (cause) {
      throw invalid(`${name} is no JSON: ${(cause as Error).message}`, cause);
    }
  }
}

export function invalid(reason: string, cause?: unknown): CaissonError<"IMAGE_ARCHIVE_INVALID"> {
  return new CaissonError("IMAGE_ARCHIVE_INVALID", `The archive can't be loaded: ${reason}`, {
    facts: {},
    cause,
    remedy: "An archive of `docker save` or an OCI image layout as tar can be loaded; a root file system is for `caisson import`.",
  });
}

function clean(name: string): string {
  return path.posix.normalize(name).replace(/^\/+|\/+$/g, "");
}

async function* caught(source: AsyncIterable<Uint8Array>, note: (error: unknown) => void): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    note(error);
    throw error;
  }
}
