/** Layers by diffID, each unpacked once to a directory that any image can use as a lower one. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, rename } from "node:fs/promises";
import path from "node:path";
import { CaissonError, throwIfAborted } from "../../errors.js";
import { inflatable } from "../../oci/decompress.js";
import { hashing } from "../../oci/digest.js";
import { removeAbandoned } from "./abandoned-files.js";
import { writeAtomically } from "./atomic-file.js";
import type { LayerTools, PackOptions, UnpackedLayer } from "./layer-tools.js";
import { privateDirectory } from "./private-directory.js";
import type { Keep } from "./removals.js";
import { inStore } from "./store-failure.js";
import { TarContentSize } from "./tar-content-size.js";

const METADATA = "layer.json";
const TEMPORARY = ".tmp-";
/** Digest of a tar of nothing. */
const EMPTY_LAYER = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

export interface LayerMetadata extends UnpackedLayer {
  /** Bytes of the plain tar. */
  readonly tarSize: number;
  /** When it was made, of layers that were made here. */
  readonly created?: string | undefined;
}

export class LayerStore {
  readonly #directory: string;
  readonly #tools: LayerTools;

  constructor(directory: string, tools: LayerTools) {
    this.#directory = directory;
    this.#tools = tools;
  }

  /** The lower directory of a layer. */
  path(diffId: string): string {
    return path.join(this.#layer(diffId), "diff");
  }

  /** A directory without anything in it: what images without layers stand on. @throws DISK_FULL, STORE_UNWRITABLE */
  async empty(): Promise<string> {
    const directory = path.join(this.#directory, "empty");
    await inStore(directory, () => mkdir(directory, { recursive: true }));
    return directory;
  }

  /** Undefined unless the layer is there in full. */
  async metadata(diffId: string): Promise<LayerMetadata | undefined> {
    try {
      // A hundred bytes, and asked for often: a thread of the pool would cost ten times what reading them does.
      return JSON.parse(readFileSync(path.join(this.#layer(diffId), METADATA), "utf8")) as LayerMetadata;
    } catch {
      return undefined;
    }
  }

  /** @throws STORE_CORRUPT */
  async require(diffId: string): Promise<LayerMetadata> {
    const metadata = await this.metadata(diffId);
    if (metadata) return metadata;
    throw new CaissonError("STORE_CORRUPT", `The image store has no layer ${diffId}`, {
      facts: { path: this.#layer(diffId) },
      remedy: "Remove the image and fetch it again.",
    });
  }

  /**
   * Unpacks a layer's blob. The directory gets its name once the whole tar was read and its digest is known.
   * @param blob a tar, plain or compressed
   * @param expected the diffID that was promised
   * @throws LAYER_INVALID, DIGEST_MISMATCH, DISK_FULL, STORE_UNWRITABLE, ABORTED
   */
  async add(blob: AsyncIterable<Uint8Array>, expected: string, signal?: AbortSignal): Promise<void> {
    await this.#inTemporary(undefined, async (directory) => {
      const { gzip, bytes } = await inflatable(blob);
      const { diffId, ...metadata } = await this.#tools.unpackBlob(directory, bytes, { gzip, signal });
      if (diffId !== expected) {
        throw new CaissonError("DIGEST_MISMATCH", `A layer unpacks to ${diffId}, but ${expected} was promised`, {
          facts: { what: "layer", expected, actual: diffId },
        });
      }
      return { diffId, metadata };
    });
  }

  /**
   * Unpacks a tar that nobody promised a digest of, and names the layer by the tar that {@link pack} makes of it: the same
   * files give the same diffID in whatever order they came, and the tar itself need not be kept.
   * @throws LAYER_INVALID, DISK_FULL, STORE_UNWRITABLE, ABORTED
   */
  async addNormalized(tar: AsyncIterable<Uint8Array>, signal?: AbortSignal, keep?: Keep): Promise<string> {
    return this.#inTemporary(keep, async (directory) => {
      const { entries, bytes } = await this.#tools.unpack(directory, tar, { signal });
      const { diffId, tarSize } = await this.#digest(directory, {}, signal);
      // The tar that names it has an entry of each directory: nothing is inherited.
      return { diffId, metadata: { entries, bytes, tarSize } };
    });
  }

  /**
   * Makes a layer of a directory that is one already, such as the upper one of an overlay: moved, not copied, or left where it is
   * when it holds nothing and the layer of nothing is there.
   * @throws DISK_FULL, STORE_UNWRITABLE, ABORTED
   */
  async adopt(directory: string, options: PackOptions = {}, signal?: AbortSignal, keep?: Keep): Promise<string> {
    throwIfAborted("import", signal);
    const isEmpty = await inStore(directory, async () => readdirSync(directory).length === 0);
    if (isEmpty) await keep?.(EMPTY_LAYER);
    if (isEmpty && (await this.metadata(EMPTY_LAYER))) return EMPTY_LAYER;
    return this.#inTemporary(keep, async (place) => {
      await inStore(place, () => rename(directory, place));
      const { diffId, tarSize, bytes } = await this.#digest(place, options, signal);
      return { diffId, metadata: { tarSize, entries: 0, bytes, created: new Date().toISOString() } };
    });
  }

  async #digest(directory: string, options: PackOptions, signal: AbortSignal | undefined) {
    const { stream, digest, size } = hashing(await this.#tools.pack(directory, options));
    const content = new TarContentSize();
    for await (const chunk of stream) {
      throwIfAborted("import", signal);
      content.add(chunk);
    }
    return { diffId: digest(), tarSize: size(), bytes: content.bytes };
  }

  /** Layers that are there in full. */
  async list(): Promise<readonly string[]> {
    const names = await readdir(this.#directory).catch(() => []);
    return names.filter((name) => /^[0-9a-f]{64}$/.test(name)).map((name) => `sha256:${name}`);
  }

  /** @param keep for a layer that nobody knows the name of before it is made */
  async #inTemporary(
    keep: Keep | undefined,
    work: (directory: string) => Promise<{ diffId: string; metadata: LayerMetadata }>,
  ): Promise<string> {
    const temporary = path.join(this.#directory, `${TEMPORARY}${process.pid}-${randomBytes(6).toString("hex")}`);
    await inStore(temporary, async () => {
      await privateDirectory(this.#directory);
      await mkdir(temporary);
    });
    try {
      const { diffId, metadata } = await work(path.join(temporary, "diff"));
      await writeAtomically(path.join(temporary, METADATA), JSON.stringify(metadata));
      await keep?.(diffId);
      await this.#publish(temporary, diffId);
      return diffId;
    } catch (error) {
      await this.#tools.removeTree(temporary, true).catch(() => {});
      throw error;
    }
  }

  /**
   * Completes the layers of an image: directories that a layer has no entry of become what they are in the layers below it.
   * A layer that several images have in different places keeps what the first of them made of it.
   * @param diffIds lowest first; all of them are there
   * @throws DISK_FULL, STORE_UNWRITABLE
   */
  async inherit(diffIds: readonly string[]): Promise<void> {
    for (const [index, diffId] of diffIds.entries()) {
      const metadata = index > 0 ? await this.metadata(diffId) : undefined;
      if (!metadata?.implicit) continue;
      const { implicit, ...complete } = metadata;
      const lower = diffIds.slice(0, index).map((below) => this.path(below));
      await this.#tools.inherit(this.path(diffId), implicit, lower.reverse());
      await writeAtomically(path.join(this.#layer(diffId), METADATA), JSON.stringify(complete));
    }
  }

  /** Removes what processes that were killed have left of layers. */
  async removeAbandoned(): Promise<void> {
    await removeAbandoned(
      this.#directory,
      (name) => name.startsWith(TEMPORARY),
      (directory) => this.#tools.removeTree(directory),
    );
  }

  /** The plain tar of a layer: the bytes that it was named by, if it was added by {@link addNormalized}. */
  pack(diffId: string) {
    return this.#tools.pack(this.path(diffId));
  }

  /** Takes a layer out of the store. @returns what removes its files, which may take longer */
  async detach(diffId: string): Promise<() => Promise<void>> {
    const temporary = path.join(this.#directory, `${TEMPORARY}${process.pid}-${randomBytes(6).toString("hex")}`);
    try {
      await rename(this.#layer(diffId), temporary);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return async () => {};
      throw error;
    }
    return () => this.#tools.removeTree(temporary);
  }

  /** Another process may have been faster: its copy is as good. */
  async #publish(temporary: string, diffId: string): Promise<void> {
    try {
      await rename(temporary, this.#layer(diffId));
    } catch (error) {
      if (await this.metadata(diffId)) return this.#tools.removeTree(temporary);
      throw error;
    }
  }

  #layer(diffId: string): string {
    return path.join(this.#directory, diffId.slice(diffId.indexOf(":") + 1));
  }
}
