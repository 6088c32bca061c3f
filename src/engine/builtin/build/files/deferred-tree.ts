/** A tree that is fetched once its files are needed: what it will be is known before, by a digest or a commit. */
import type { FileTree, TreeFile } from "../../../build-context/file-tree.js";

export class DeferredTree implements FileTree {
  readonly identity = undefined;
  readonly contentKey: string;
  readonly #open: () => Promise<FileTree>;
  #tree: Promise<FileTree> | undefined;

  /** @param contentKey told apart from every tree with other files */
  constructor(contentKey: string, open: () => Promise<FileTree>) {
    this.contentKey = contentKey;
    this.#open = open;
  }

  async stat(path: string) {
    return (await this.#opened()).stat(path);
  }

  async glob(pattern: string): Promise<readonly string[]> {
    return (await this.#opened()).glob(pattern);
  }

  async *files(path: string): AsyncGenerator<TreeFile> {
    yield* (await this.#opened()).files(path);
  }

  #opened(): Promise<FileTree> {
    this.#tree ??= this.#open();
    return this.#tree;
  }
}
