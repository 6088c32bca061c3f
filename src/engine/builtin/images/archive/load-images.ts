/** Images from a tar: an OCI image layout, or docker's manifest.json with its files; also both in one. */
import { createReadStream } from "node:fs";
import { link, rm, stat, unlink } from "node:fs/promises";
import path from "node:path";
import type { LoadOptions } from "../../../engine.js";
import { CaissonError } from "../../../errors.js";
import { decompress } from "../../../oci/decompress.js";
import { hashing, shortDigest } from "../../../oci/digest.js";
import { parseOciConfig } from "../../../oci/image-config.js";
import { dockerConfig, dockerLayer, dockerLayerGzip, dockerLayerZstd, dockerManifest } from "../../../oci/media-types.js";
import { hostPlatform, platformRank, selectManifest } from "../../../oci/platform.js";
import { canonicalName, parseReference, withDefaultTag } from "../../../oci/reference.js";
import type { ContentStore } from "../content-store.js";
import type { LayerStore } from "../layer-store.js";
import { type Descriptor, type ImageManifest, isImageIndex, parseManifest } from "../manifest.js";
import type { Keep } from "../removals.js";
import { imageNameAnnotation, refNameAnnotation } from "./annotations.js";
import { ArchiveFiles, invalid } from "./archive-files.js";

export interface LoadContext {
  readonly content: ContentStore;
  readonly layers: LayerStore;
  readonly keep: Keep;
  /** A directory for this archive's files, on the store's file system. Whoever calls removes it. */
  readonly spool: string;
}

/** An image whose parts are all in the store. */
export interface FoundImage {
  readonly manifest: string;
  readonly config: string;
  /** Canonical. */
  readonly names: readonly string[];
}

/** @throws IMAGE_ARCHIVE_INVALID, DIGEST_MISMATCH, LAYER_INVALID, DISK_FULL, STORE_UNWRITABLE, ABORTED */
export async function loadImages(
  context: LoadContext,
  archive: AsyncIterable<Uint8Array>,
  options: LoadOptions,
): Promise<readonly FoundImage[]> {
  const files = await ArchiveFiles.spool(decompress(archive), context.spool, options.signal);
  const load = new Load(context, files, options);
  if (files.has("index.json")) return load.layout();
  if (files.has("manifest.json")) return load.dockerArchive();
  throw invalid("it has neither index.json nor manifest.json");
}

interface DockerEntry {
  readonly Config: string;
  readonly RepoTags?: readonly string[] | null;
  readonly Layers: readonly string[];
}

class Load {
  readonly #context: LoadContext;
  readonly #files: ArchiveFiles;
  readonly #options: LoadOptions;

  constructor(context: LoadContext, files: ArchiveFiles, options: LoadOptions) {
    this.#context = context;
    this.#files = files;
    this.#options = options;
  }

  async layout(): Promise<readonly FoundImage[]> {
    const index = parseManifest(await this.#files.bytes("index.json"), undefined, "index.json");
    if (!isImageIndex(index)) throw invalid("its index.json is no index");
    const byId = new Map<string, FoundImage>();
    const tags = this.#files.has("manifest.json") ? await this.#dockerEntries() : [];
    for (const entry of index.manifests) {
      const rank = entry.platform && platformRank(hostPlatform(), entry.platform);
      // An archive of several platforms lists them side by side; those of others are no use here.
      if (entry.platform && rank === undefined && index.manifests.length > 1) continue;
      const { manifest, digest } = await this.#manifest(entry);
      await this.#adopt(manifest.config.digest);
      const config = parseOciConfig(await this.#context.content.get(manifest.config.digest), manifest.config.digest);
      for (const [position, layer] of manifest.layers.entries()) await this.#layer(layer, config.rootfs.diff_ids[position]);
      await this.#context.layers.inherit(config.rootfs.diff_ids);
      const dockerTags = tags
        .filter(({ Config }) => blobDigest(Config) === manifest.config.digest)
        .flatMap(({ RepoTags }) => RepoTags ?? []);
      const names = [...namesOf(entry), ...dockerTags].map(canonical);
      const known = byId.get(manifest.config.digest);
      byId.set(manifest.config.digest, {
        manifest: digest,
        config: manifest.config.digest,
        names: [...new Set([...(known?.names ?? []), ...names])],
      });
    }
    if (byId.size === 0) throw invalid(`it has no image for ${hostPlatform()}`);
    return [...byId.values()];
  }

  async dockerArchive(): Promise<readonly FoundImage[]> {
    const images: FoundImage[] = [];
    for (const entry of await this.#dockerEntries()) {
      const bytes = await this.#files.bytes(entry.Config);
      const config = await this.#context.content.put(bytes);
      const { diff_ids } = parseOciConfig(bytes, entry.Config).rootfs;
      if (diff_ids.length !== entry.Layers.length)
        throw invalid(`${entry.Config} has ${diff_ids.length} diffIDs for ${entry.Layers.length} layers`);
      const layers: Descriptor[] = [];
      for (const [index, name] of entry.Layers.entries()) layers.push(await this.#looseLayer(name, diff_ids[index]!));
      await this.#context.layers.inherit(diff_ids);
      const manifest = {
        schemaVersion: 2,
        mediaType: dockerManifest,
        config: { mediaType: dockerConfig, digest: config, size: bytes.length },
        layers,
      };
      const digest = await this.#context.content.put(Buffer.from(JSON.stringify(manifest)));
      images.push({ manifest: digest, config, names: (entry.RepoTags ?? []).map(canonical) });
    }
    if (images.length === 0) throw invalid("its manifest.json names no image");
    return images;
  }

  async #dockerEntries(): Promise<readonly DockerEntry[]> {
    const document = await this.#files.json("manifest.json");
    if (!Array.isArray(document)) throw invalid("its manifest.json is no list");
    for (const { Config, Layers } of document as Partial<DockerEntry>[]) {
      if (typeof Config !== "string" || !Array.isArray(Layers) || !Layers.every((layer) => typeof layer === "string"))
        throw invalid("its manifest.json has an entry without Config or Layers");
    }
    return document as DockerEntry[];
  }

  async #manifest(descriptor: Descriptor): Promise<{ manifest: ImageManifest; digest: string }> {
    await this.#adopt(descriptor.digest);
    const document = parseManifest(
      await this.#context.content.get(descriptor.digest),
      descriptor.mediaType,
      `manifest ${descriptor.digest}`,
    );
    if (!isImageIndex(document)) return { manifest: document, digest: descriptor.digest };
    return this.#manifest(selectManifest(document.manifests, hostPlatform(), "the archive"));
  }

  async #layer(layer: Descriptor, diffId: string | undefined): Promise<void> {
    if (diffId === undefined) throw invalid(`layer ${layer.digest} has no diffID`);
    await this.#adopt(layer.digest);
    await this.#unpack(layer.digest, diffId);
  }

  /** A layer of manifest.json: named by a path, its digest not known before it was read. */
  async #looseLayer(name: string, diffId: string): Promise<Descriptor> {
    const file = this.#files.path(name);
    const { stream, digest, size } = hashing(createReadStream(file, { highWaterMark: 1 << 20 }));
    let head: Buffer | undefined;
    for await (const chunk of stream) head ??= chunk;
    await this.#take(file, digest());
    await this.#unpack(digest(), diffId);
    return { mediaType: mediaTypeOf(head), digest: digest(), size: size() };
  }

  async #unpack(digest: string, diffId: string): Promise<void> {
    const { content, layers } = this.#context;
    const id = shortDigest(diffId);
    await this.#context.keep(diffId);
    if (await layers.metadata(diffId)) return this.#options.progress?.({ id, status: "exists" });
    this.#options.progress?.({ id, status: "unpacking" });
    await layers.add(content.read(digest), diffId, this.#options.signal);
    this.#options.progress?.({ id, status: "done" });
  }

  /** Takes a blob of the layout into the store, once it is known to be what it is called. */
  async #adopt(digest: string): Promise<void> {
    const { content } = this.#context;
    if ((await content.size(digest)) !== undefined) return;
    const name = `blobs/${digest.replace(":", "/")}`;
    const file = this.#files.path(name);
    const hashed = hashing(createReadStream(file, { highWaterMark: 1 << 20 }), digest.slice(0, digest.indexOf(":")));
    for await (const _ of hashed.stream);
    if (hashed.digest() !== digest) {
      throw new CaissonError("DIGEST_MISMATCH", `The archive's ${name} does not match its digest`, {
        facts: { what: name, expected: digest, actual: hashed.digest() },
      });
    }
    await this.#take(file, digest);
  }

  /** Two members may be one file: the spooled one stays until the end. */
  async #take(file: string, digest: string): Promise<void> {
    const { content } = this.#context;
    if ((await content.size(digest)) !== undefined) return;
    const copy = `${file}.blob`;
    await link(file, copy);
    try {
      await content.adopt(copy, digest);
    } finally {
      await unlink(copy).catch(() => {});
    }
  }
}

/** Removes a spool directory. */
export async function removeSpool(directory: string): Promise<void> {
  if (await stat(directory).catch(() => undefined)) await rm(directory, { recursive: true, force: true });
}

function namesOf({ annotations = {} }: Descriptor): string[] {
  const full = annotations[imageNameAnnotation];
  if (full) return [full];
  const name = annotations[refNameAnnotation];
  // A bare tag, as the specification has it, names nothing by itself.
  return name && /[/:]/.test(name) ? [name] : [];
}

function canonical(name: string): string {
  return canonicalName(withDefaultTag(parseReference(name)));
}

function blobDigest(file: string): string | undefined {
  const [, algorithm, hex] = /^blobs\/([a-z0-9]+)\/([0-9a-f]+)$/.exec(path.posix.normalize(file)) ?? [];
  return algorithm && `${algorithm}:${hex}`;
}

function mediaTypeOf(head: Buffer | undefined): string {
  if (head?.[0] === 0x1f && head[1] === 0x8b) return dockerLayerGzip;
  if (head?.readUInt32LE(0) === 0xfd2fb528) return dockerLayerZstd;
  return dockerLayer;
}
