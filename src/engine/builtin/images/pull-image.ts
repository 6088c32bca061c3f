/** Fetching an image: manifest, configuration and layers, each layer unpacked while it downloads, several at once. */
import path from "node:path";
import type { ImageProgress, PullOptions } from "../../engine.js";
import { CaissonError } from "../../errors.js";
import { shortDigest, verifyBytes } from "../../oci/digest.js";
import { type OciImageConfig, parseOciConfig } from "../../oci/image-config.js";
import { acceptedManifests } from "../../oci/media-types.js";
import { hostPlatform, selectManifest } from "../../oci/platform.js";
import { familiarName, type ImageReference, repositoryName } from "../../oci/reference.js";
import { ingestBlob } from "./blob-ingest.js";
import type { ContentStore } from "./content-store.js";
import { eachOf } from "./each-of.js";
import type { FileLocks } from "./file-locks.js";
import type { LayerStore } from "./layer-store.js";
import { type Descriptor, type ImageManifest, isImageIndex, parseManifest } from "./manifest.js";
import { downloadBlob } from "./registry/download.js";
import { fromRepositories } from "./registry/from-repositories.js";
import type { Registries } from "./registry/registries.js";
import type { Repository } from "./registry/repository.js";
import type { Keep } from "./removals.js";

/** Docker's default: more connections to one registry bring little, and unpacking wants processors too. */
const LAYERS_AT_ONCE = 3;
/** An index within an index is allowed, a loop is not. */
const INDEX_DEPTH = 3;

export interface PullContext {
  readonly content: ContentStore;
  readonly layers: LayerStore;
  readonly registries: Registries;
  /** For unfinished blobs and locks. */
  readonly ingest: string;
  readonly locks: FileLocks;
  readonly keep: Keep;
}

export interface PulledImage {
  /** Digest of the manifest for the platform. */
  readonly manifest: string;
  readonly config: string;
  /** `repository@digest`, of the index where there is one. */
  readonly repoDigest: string;
}

/** @throws IMAGE_NOT_FOUND, IMAGE_PLATFORM_MISSING, REGISTRY_*, DIGEST_MISMATCH, LAYER_INVALID, DISK_FULL, STORE_UNWRITABLE, ABORTED */
export function pullImage(context: PullContext, reference: ImageReference, options: PullOptions): Promise<PulledImage> {
  return pulling(context, reference, options, (pull) => pull.run());
}

/** The configuration alone: what a pull begins with. @throws as pullImage */
export function pullConfig(context: PullContext, reference: ImageReference, options: PullOptions): Promise<OciImageConfig> {
  return pulling(context, reference, options, async (pull) => (await pull.describe()).config);
}

function pulling<T>(context: PullContext, reference: ImageReference, options: PullOptions, work: (pull: Pull) => Promise<T>): Promise<T> {
  return fromRepositories(context.registries, reference, options.auth, (repository) =>
    work(new Pull(context, reference, repository, options)),
  );
}

class Pull {
  readonly #context: PullContext;
  readonly #reference: ImageReference;
  readonly #repository: Repository;
  readonly #options: PullOptions;
  readonly #platform: string;
  readonly #name: string;

  constructor(context: PullContext, reference: ImageReference, repository: Repository, options: PullOptions) {
    this.#context = context;
    this.#reference = reference;
    this.#repository = repository;
    this.#options = options;
    this.#platform = options.platform ?? hostPlatform();
    this.#name = familiarName(reference);
  }

  async run(): Promise<PulledImage> {
    this.#report({ id: this.#name, status: "resolving" });
    const { top, manifest, digest, config } = await this.describe();
    const diffIds = config.rootfs.diff_ids;
    if (diffIds.length !== manifest.layers.length) {
      throw new CaissonError(
        "REGISTRY_ERROR",
        `${this.#name} can't be used: ${manifest.layers.length} layers, but ${diffIds.length} diffIDs`,
        {
          facts: { registry: this.#repository.registry },
        },
      );
    }
    await this.#context.keep(...diffIds);
    const layers = new Map(diffIds.map((diffId, index) => [diffId, manifest.layers[index]!]));
    for (const layer of layers.values()) this.#report({ id: shortDigest(layer.digest), status: "waiting", total: layer.size });
    await eachOf([...layers], LAYERS_AT_ONCE, "pull", this.#options.signal, ([diffId, layer], signal) =>
      this.#layer(diffId, layer, signal),
    );
    await this.#context.layers.inherit(diffIds);
    this.#report({ id: this.#name, status: "done" });
    return { manifest: digest, config: manifest.config.digest, repoDigest: `${repositoryName(this.#reference, true)}@${top.digest}` };
  }

  /** Manifest and configuration of the platform's image. */
  async describe() {
    const top = await this.#manifest(this.#reference.digest ?? this.#reference.tag ?? "latest", this.#reference.digest);
    const { manifest, digest } = await this.#forPlatform(top, INDEX_DEPTH);
    return { top, manifest, digest, config: parseOciConfig(await this.#config(manifest.config), manifest.config.digest) };
  }

  async #forPlatform(top: FetchedManifest, depth: number): Promise<{ manifest: ImageManifest; digest: string }> {
    const { document, digest } = top;
    if (!isImageIndex(document)) return { manifest: document, digest };
    const chosen = selectManifest(document.manifests, this.#platform, this.#name);
    if (depth === 0)
      throw new CaissonError("REGISTRY_ERROR", `${this.#name} nests indexes too deeply`, {
        facts: { registry: this.#repository.registry },
      });
    return this.#forPlatform(await this.#manifest(chosen.digest, chosen.digest), depth - 1);
  }

  async #manifest(tagOrDigest: string, expected: string | undefined): Promise<FetchedManifest> {
    const what = `the manifest of ${this.#name}`;
    const { content } = this.#context;
    if (expected && (await content.size(expected)) !== undefined) {
      return { document: parseManifest(await content.get(expected), undefined, what), digest: expected };
    }
    const response = await this.#repository.send({
      method: "GET",
      to: `manifests/${tagOrDigest}`,
      what: "manifest",
      headers: { accept: acceptedManifests.join(", ") },
      expect: [200],
      signal: this.#options.signal,
    });
    const bytes = Buffer.from(await response.body.arrayBuffer());
    const promised = expected ?? response.headers["docker-content-digest"];
    if (promised) verifyBytes(bytes, promised, `manifest of ${this.#name}`);
    const document = parseManifest(bytes, response.headers["content-type"], what);
    return { document, digest: await content.put(bytes) };
  }

  async #config(descriptor: Descriptor): Promise<Buffer> {
    const { content } = this.#context;
    if ((await content.size(descriptor.digest)) === undefined) {
      await this.#locked(descriptor.digest, this.#options.signal, async (signal) => {
        if ((await content.size(descriptor.digest)) !== undefined) return;
        for await (const _ of this.#blob(descriptor, "configuration", signal));
      });
    }
    return content.get(descriptor.digest);
  }

  async #layer(diffId: string, descriptor: Descriptor, signal: AbortSignal): Promise<void> {
    const { content, layers } = this.#context;
    const id = shortDigest(descriptor.digest);
    const complete = async (): Promise<boolean> =>
      (await layers.metadata(diffId)) !== undefined && (await content.size(descriptor.digest)) !== undefined;
    if (await complete()) return this.#report({ id, status: "exists", total: descriptor.size });
    await this.#locked(diffId, signal, async () => {
      if (await complete()) return;
      const here = await content.size(descriptor.digest);
      const bytes = here === undefined ? this.#blob(descriptor, "layer", signal) : content.read(descriptor.digest);
      if (await layers.metadata(diffId)) for await (const _ of bytes);
      else await layers.add(bytes, diffId, signal);
    });
    this.#report({ id, status: "done", current: descriptor.size, total: descriptor.size });
  }

  async *#blob(descriptor: Descriptor, kind: string, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
    const { content, ingest } = this.#context;
    const download = (offset: number) => downloadBlob(this.#repository, descriptor, offset, signal);
    let current = 0;
    let told = 0;
    for await (const chunk of ingestBlob(content, ingest, descriptor, download, `${kind} of ${this.#name}`)) {
      current += chunk.length;
      if (current - told >= descriptor.size / 100) {
        told = current;
        this.#report({ id: shortDigest(descriptor.digest), status: "downloading", current, total: descriptor.size });
      }
      yield chunk;
    }
  }

  #locked(digest: string, signal: AbortSignal | undefined, work: (signal: AbortSignal | undefined) => Promise<void>): Promise<void> {
    const { ingest, locks } = this.#context;
    return locks.exclusive(path.join(ingest, digest.replace(":", "-")), signal, () => work(signal));
  }

  #report(event: ImageProgress): void {
    this.#options.progress?.(event);
  }
}

interface FetchedManifest {
  readonly document: ReturnType<typeof parseManifest>;
  readonly digest: string;
}
