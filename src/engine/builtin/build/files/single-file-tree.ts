/** A tree of one file: a here-document, or something that was downloaded. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { FileTree, TreeFile } from "../../../build-context/file-tree.js";
import type { TarEntry } from "../../../build-context/tar-stream-codec.js";

export interface SingleFile {
  readonly name: string;
  readonly mode: number;
  /** Seconds. */
  readonly mtime: number;
  /** The contents, or a path of this host. */
  readonly content: Buffer | { readonly path: string; readonly size: number; readonly digest: string };
}

export class SingleFileTree implements FileTree {
  readonly identity = undefined;
  readonly #file: SingleFile;

  constructor(file: SingleFile) {
    this.#file = file;
  }

  async stat() {
    return { isDirectory: false, path: this.#file.name };
  }

  async glob(): Promise<readonly string[]> {
    return [this.#file.name];
  }

  async *files(): AsyncGenerator<TreeFile> {
    const { mode, mtime, content } = this.#file;
    const size = Buffer.isBuffer(content) ? content.length : content.size;
    const entry: TarEntry = {
      ...{ name: "", type: "file", mode, uid: 0, gid: 0, size, mtime, link: "", major: 0, minor: 0, xattrs: [] },
    };
    const sha256 = Buffer.isBuffer(content) ? createHash("sha256").update(content).digest("hex") : content.digest;
    yield {
      entry,
      contents: () => (Buffer.isBuffer(content) ? once(content) : (createReadStream(content.path) as AsyncIterable<Buffer>)),
      digest: () => Promise.resolve(sha256),
    };
  }
}

async function* once(content: Buffer): AsyncGenerator<Buffer> {
  if (content.length > 0) yield content;
}
