/** What COPY and ADD copy from: a context on this host, or the root file system of a stage or image. */
import type { TarEntry } from "./tar-stream-codec.js";

export interface TreeFile {
  /** `name` is relative to what was asked for; "" is that itself. */
  readonly entry: TarEntry;
  /** To be read before the next file is asked for, or not at all. */
  contents(): AsyncIterable<Buffer>;
  /** Of the contents, where it is known without reading them. */
  readonly digest?: (() => Promise<string>) | undefined;
}

export interface FileTree {
  /** What a path is once links are followed inside the tree; undefined where there is nothing, or nothing that may be seen. */
  stat(path: string): Promise<{ readonly isDirectory: boolean; readonly path: string } | undefined>;
  /** Paths that match a pattern, sorted. */
  glob(pattern: string): Promise<readonly string[]>;
  /** A path and all below it, parents before children, sorted by name. */
  files(path: string): AsyncIterable<TreeFile>;
  /** Told apart from every tree with other contents; undefined where contents may change. */
  readonly identity: string | undefined;
  /** The same for a tree that nobody has fetched yet. */
  readonly contentKey?: string | undefined;
  /** Why a path can't be found although it is there. */
  why?(path: string): string | undefined;
}
