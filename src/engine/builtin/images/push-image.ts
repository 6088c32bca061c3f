/** Sending an image to a registry: the blobs that it lacks, then configuration and manifest. */
import { randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { ImageProgress, PushOptions } from "../../engine.js";
import { CaissonError } from "../../errors.js";
import { hashing, sha256, shortDigest } from "../../oci/digest.js";
import { parseOciConfig } from "../../oci/image-config.js";
import { isForeignLayer, layerCompression, ociLayerGzip, ociManifest } from "../../oci/media-types.js";
import { familiarName, type ImageReference } from "../../oci/reference.js";
import type { ContentStore } from "./content-store.js";
import { eachOf } from "./each-of.js";
import { readLayerBlob } from "./layer-blobs.js";
import type { LayerStore } from "./layer-store.js";
import { type Descriptor, isImageIndex, parseManifest } from "./manifest.js";
import type { ReferenceRecord } from "./reference-store.js";
import type { Registries } from "./registry/registries.js";
import type { Repository } from "./registry/repository.js";

/** Docker's default. */
const UPLOADS_AT_ONCE = 5;
/** Whole uploads, each a session of its own: a stream can't be sent twice. */
const UPLOAD_ATTEMPTS = 3;

export interface PushContext {
  readonly content: ContentStore;
  readonly layers: LayerStore;
  readonly registries: Registries;
  /** For compressed layers on their way. */
  readonly ingest: string;
}

/** @throws REGISTRY_*, STORE_CORRUPT, DISK_FULL, ABORTED */
export async function pushImage(
  context: PushContext,
  reference: ImageReference,
  record: ReferenceRecord,
  options: PushOptions,
): Promise<{ readonly digest: string }> {
  const { content } = context;
  const repository = await context.registries.forPush(reference, options.auth);
  const name = familiarName(reference);
  const bytes = await content.get(record.manifest);
  const manifest = parseManifest(bytes, undefined, `the manifest of ${name}`);
  if (isImageIndex(manifest)) throw new Error(`${record.manifest} is an index`);
  const config = await content.get(record.config);
  const diffIds = parseOciConfig(config, record.config).rootfs.diff_ids;
  const sent: Descriptor[] = [...manifest.layers];
  const upload = new Upload(context, repository, options);
  await eachOf([...manifest.layers.entries()], UPLOADS_AT_ONCE, "push", options.signal, async ([index, layer], signal) => {
    sent[index] = await upload.layer(layer, diffIds[index] ?? layer.digest, signal);
  });
  await upload.blob(manifest.config, async () => Readable.from([config]), options.signal);
  const unchanged = sent.every((layer, index) => layer === manifest.layers[index]);
  const final = unchanged
    ? bytes
    : Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociManifest, config: manifest.config, layers: sent }));
  const { mediaType } = JSON.parse(final.toString("utf8")) as { mediaType?: string };
  const digest = sha256(final);
  const response = await repository.send({
    method: "PUT",
    to: `manifests/${reference.tag ?? digest}`,
    what: "manifest",
    headers: { "content-type": mediaType ?? ociManifest },
    body: final,
    expect: [201, 202],
    signal: options.signal,
  });
  await response.body.dump();
  return { digest };
}

class Upload {
  readonly #context: PushContext;
  readonly #repository: Repository;
  readonly #options: PushOptions;

  constructor(context: PushContext, repository: Repository, options: PushOptions) {
    this.#context = context;
    this.#repository = repository;
    this.#options = options;
  }

  /** What the manifest in the registry says of the layer: plain ones travel compressed. */
  async layer(layer: Descriptor, diffId: string, signal: AbortSignal): Promise<Descriptor> {
    const { content, layers } = this.#context;
    if (isForeignLayer(layer.mediaType)) return layer;
    if (layerCompression(layer.mediaType) !== "none") {
      await this.blob(layer, async () => Readable.from(await readLayerBlob(content, layers, layer, diffId)), signal);
      return layer;
    }
    const file = path.join(this.#context.ingest, `push-${process.pid}-${randomBytes(6).toString("hex")}`);
    try {
      const compressed = await this.#compress(await readLayerBlob(content, layers, layer, diffId), file, signal);
      await this.blob(compressed, async () => Readable.from(contentsOf(file), { objectMode: false }), signal);
      return compressed;
    } finally {
      await rm(file, { force: true });
    }
  }

  async blob(descriptor: Descriptor, open: () => Promise<Readable>, signal: AbortSignal | undefined): Promise<void> {
    const { digest, size } = descriptor;
    const id = shortDigest(digest);
    if (await this.#exists(digest, signal)) return this.#report({ id, status: "exists", total: size });
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#send(descriptor, await open(), signal);
        return this.#report({ id, status: "done", current: size, total: size });
      } catch (error) {
        const passing =
          error instanceof CaissonError &&
          (error.code === "REGISTRY_UNREACHABLE" || (error.code === "REGISTRY_ERROR" && isServerError(error)));
        if (!passing || attempt === UPLOAD_ATTEMPTS) throw error;
      }
    }
  }

  async #exists(digest: string, signal: AbortSignal | undefined): Promise<boolean> {
    const response = await this.#repository.send({
      method: "HEAD",
      to: `blobs/${digest}`,
      what: `blob ${digest}`,
      expect: [200, 404],
      signal,
    });
    await response.body.dump();
    return response.status === 200;
  }

  /** Begin, one piece, end (distribution specification, "Pushing a blob in chunks"): the form that every registry takes. */
  async #send({ digest, size }: Descriptor, body: Readable, signal: AbortSignal | undefined): Promise<void> {
    const what = `upload of ${digest}`;
    const begun = await this.#repository.send({ method: "POST", to: "blobs/uploads/", what, expect: [202], signal });
    await begun.body.dump();
    const patched = await this.#repository.send({
      method: "PATCH",
      to: locationOf(begun.headers, begun.url),
      what,
      headers: { "content-type": "application/octet-stream", "content-length": String(size) },
      body: Readable.from(this.#counted(body, digest, size)),
      expect: [202, 201],
      signal,
    });
    await patched.body.dump();
    const end = new URL(locationOf(patched.headers, patched.url));
    end.searchParams.set("digest", digest);
    const ended = await this.#repository.send({
      method: "PUT",
      to: end.href,
      what,
      headers: { "content-length": "0" },
      expect: [201, 204],
      signal,
    });
    await ended.body.dump();
  }

  async *#counted(body: Readable, digest: string, total: number): AsyncGenerator<Buffer> {
    let current = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      current += chunk.length;
      yield chunk;
      this.#report({ id: shortDigest(digest), status: "uploading", current, total });
    }
  }

  async #compress(plain: AsyncIterable<Buffer>, file: string, signal: AbortSignal): Promise<Descriptor> {
    await mkdir(path.dirname(file), { recursive: true });
    const gzip = createGzip({ chunkSize: 1 << 18 });
    const { stream, digest, size } = hashing(gzip);
    await Promise.all([pipeline(plain, gzip, { signal }), pipeline(stream, createWriteStream(file), { signal })]);
    return { mediaType: ociLayerGzip, digest: digest(), size: size() };
  }

  #report(event: ImageProgress): void {
    this.#options.progress?.(event);
  }
}

function isServerError(error: CaissonError): boolean {
  const { status = 0 } = error.facts as { status?: number };
  return status >= 500;
}

/** @throws REGISTRY_ERROR */
function locationOf(headers: Readonly<Record<string, string | undefined>>, url: string): string {
  const { location } = headers;
  if (location !== undefined) return new URL(location, url).href;
  throw new CaissonError("REGISTRY_ERROR", "The registry doesn't say where to upload to", { facts: { registry: new URL(url).host } });
}

/** Opened when it is read: until the registry has answered, nobody would hear of a failure. */
async function* contentsOf(file: string): AsyncGenerator<Buffer> {
  yield* createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>;
}
