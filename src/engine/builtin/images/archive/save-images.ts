/**
 * Images as one tar: an OCI image layout, and for `docker load` and older tools manifest.json beside it, as docker itself has
 * written it since version 25.
 */
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import type { SaveOptions } from "../../../engine.js";
import { throwIfAborted } from "../../../errors.js";
import { parseOciConfig } from "../../../oci/image-config.js";
import { ociIndex, ociManifest } from "../../../oci/media-types.js";
import { familiarName, parseReference } from "../../../oci/reference.js";
import type { ContentStore } from "../content-store.js";
import { readLayerBlob } from "../layer-blobs.js";
import type { LayerStore } from "../layer-store.js";
import { type Descriptor, isImageIndex, parseManifest } from "../manifest.js";
import type { ReferenceRecord } from "../reference-store.js";
import { imageNameAnnotation, refNameAnnotation } from "./annotations.js";

export interface SaveContext {
  readonly content: ContentStore;
  readonly layers: LayerStore;
}

/** Several records of one image give it several names. Destroying the stream stops the work. @throws on the stream: STORE_CORRUPT, ABORTED */
export function saveImages(context: SaveContext, records: readonly ReferenceRecord[], options: SaveOptions): Readable {
  const tar = pack({ highWaterMark: 1 << 20 });
  new Save(context, tar, options).run(records).catch((error: Error) => tar.destroy(error));
  // tar-stream's streams are streamx's: the same interface without being node:stream's class.
  return tar as unknown as Readable;
}

class Save {
  readonly #context: SaveContext;
  readonly #tar: ReturnType<typeof pack>;
  readonly #options: SaveOptions;
  readonly #written = new Set<string>();

  constructor(context: SaveContext, tar: ReturnType<typeof pack>, options: SaveOptions) {
    this.#context = context;
    this.#tar = tar;
    this.#options = options;
  }

  async run(records: readonly ReferenceRecord[]): Promise<void> {
    await this.#bytes("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
    const entries: { Config: string; RepoTags: string[]; Layers: string[] }[] = [];
    const manifests: Descriptor[] = [];
    for (const record of records) {
      const bytes = await this.#context.content.get(record.manifest);
      const manifest = parseManifest(bytes, undefined, `the manifest of ${record.name ?? record.config}`);
      if (isImageIndex(manifest)) throw new Error(`${record.manifest} is an index`);
      const config = await this.#context.content.get(record.config);
      const diffIds = parseOciConfig(config, record.config).rootfs.diff_ids;
      for (const [index, layer] of manifest.layers.entries()) await this.#layer(layer, diffIds[index] ?? layer.digest);
      await this.#blob(record.config, config);
      await this.#blob(record.manifest, bytes);
      const { mediaType = ociManifest } = JSON.parse(bytes.toString("utf8")) as { mediaType?: string };
      manifests.push({ mediaType, digest: record.manifest, size: bytes.length, ...annotated(record) });
      const known = entries.find((entry) => entry.Config === blobPath(record.config));
      const tags = record.name && !record.name.includes("@") ? [familiarName(parseReference(record.name))] : [];
      if (known) known.RepoTags.push(...tags);
      else entries.push({ Config: blobPath(record.config), RepoTags: tags, Layers: manifest.layers.map(({ digest }) => blobPath(digest)) });
    }
    await this.#bytes("index.json", Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests })));
    if (this.#options.format !== "oci") await this.#bytes("manifest.json", Buffer.from(JSON.stringify(entries)));
    this.#tar.finalize();
  }

  async #layer(layer: Descriptor, diffId: string): Promise<void> {
    if (this.#written.has(layer.digest)) return;
    this.#written.add(layer.digest);
    const { content, layers } = this.#context;
    const bytes = await readLayerBlob(content, layers, layer, diffId);
    const entry = this.#tar.entry({
      name: blobPath(layer.digest),
      size: layer.size,
      mode: 0o644,
      mtime: new Date(0),
    }) as unknown as Writable;
    await pipeline(bytes, entry, { signal: this.#options.signal });
  }

  async #blob(digest: string, bytes: Buffer): Promise<void> {
    if (this.#written.has(digest)) return;
    this.#written.add(digest);
    await this.#bytes(blobPath(digest), bytes);
  }

  async #bytes(name: string, bytes: Buffer): Promise<void> {
    throwIfAborted("save", this.#options.signal);
    await new Promise<void>((resolve, reject) => {
      this.#tar.entry({ name, mode: 0o644, mtime: new Date(0) }, bytes, (error) => (error ? reject(error) : resolve()));
    });
  }
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

function annotated({ name }: ReferenceRecord): Pick<Descriptor, "annotations"> {
  if (!name || name.includes("@")) return {};
  const { tag } = parseReference(name);
  return { annotations: { [imageNameAnnotation]: name, ...(tag ? { [refNameAnnotation]: tag } : {}) } };
}
