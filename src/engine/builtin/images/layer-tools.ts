/** What the image store asks of whoever unpacks and packs layers: the supervisor's workers, or a test's own. */
import type { Readable } from "node:stream";

export interface LayerTools {
  /** Unpacks a plain tar to a new directory, whiteouts in overlay's form. @throws LAYER_INVALID, DISK_FULL, STORE_UNWRITABLE, ABORTED */
  unpack(directory: string, tar: AsyncIterable<Uint8Array>, options?: UnpackOptions): Promise<UnpackedLayer>;
  /**
   * The same with a blob whose plain digest somebody knows and will compare: inflating and hashing are done where the files are made.
   * @param options.gzip the blob is compressed. Its CRC is not looked at: a digest says more
   */
  unpackBlob(
    directory: string,
    blob: AsyncIterable<Uint8Array>,
    options: { readonly gzip: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<UnpackedBlob>;
  /**
   * Makes directories that a layer has no entry of what they are in the layers below: owner, mode, attributes and time.
   * @param lower directories, topmost first
   */
  inherit(directory: string, implicit: readonly string[], lower: readonly string[]): Promise<void>;
  /** A layer directory as a plain tar, deterministic. */
  pack(directory: string, options?: PackOptions): Promise<Readable>;
  /** As a container sees the ids. Of a link itself, where it is one. */
  chown(path: string, uid: number, gid: number): Promise<void>;
  /**
   * Gone from its place when it resolves; removed in the background.
   * @param now resolve once its room is free again, not once its name is
   */
  removeTree(path: string, now?: boolean): Promise<void>;
}

export interface UnpackOptions {
  readonly signal?: AbortSignal | undefined;
  /** Files belong to whom the archive says; else to the user of this process, who can read them. @default true */
  readonly keepOwner?: boolean | undefined;
}

export interface PackOptions {
  /** Times of files that are later than this become this, in seconds. */
  readonly newest?: number | undefined;
  /** Directories, relative, that are written without what is in them. */
  readonly exclude?: readonly string[] | undefined;
}

export interface UnpackedLayer {
  readonly entries: number;
  /** Of file contents. */
  readonly bytes: number;
  /** Directories, relative, that something lies in and the archive has no entry of; parents first. */
  readonly implicit?: readonly string[] | undefined;
}

export interface UnpackedBlob extends UnpackedLayer {
  /** Of the plain tar. */
  readonly diffId: string;
  /** Bytes of the plain tar. */
  readonly tarSize: number;
}
