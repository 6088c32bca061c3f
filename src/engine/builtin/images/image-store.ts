/** The images of one data root: the contract's ImageService over names, blobs and unpacked layers. */
import path from "node:path";
import type { Readable } from "node:stream";
import type {
  EngineEvent,
  ImageConfig,
  ImageInspect,
  ImageListOptions,
  ImageRemoval,
  ImageService,
  ImageSummary,
  ImportOptions,
  LoadedImage,
  PullOptions,
} from "../../engine.js";
import { CaissonError, throwIfAborted, UnsupportedError } from "../../errors.js";
import { applyChanges } from "./config-changes.js";
import { ContentStore } from "./content-store.js";
import { decompress } from "./decompress.js";
import { fromOci, type OciImageConfig, parseOciConfig, toOci } from "./image-config.js";
import { readImage, writeImage } from "./image-records.js";
import { LayerStore } from "./layer-store.js";
import type { LayerTools } from "./layer-tools.js";
import { hostPlatform, matchesPlatform, parsePlatform, platformMissing } from "./platform.js";
import { canonicalName, familiarName, parseReference, withDefaultTag } from "./reference.js";
import { type ReferenceRecord, ReferenceStore } from "./reference-store.js";

export interface ImageStoreOptions {
  /** Data root. */
  readonly root: string;
  readonly tools: LayerTools;
  /** Names of the containers that were made from an image. */
  readonly usedBy: (imageId: string) => readonly string[];
  readonly emit: (event: EngineEvent) => void;
}

/** An image that containers can be made from. */
export interface ResolvedImage {
  readonly inspect: ImageInspect;
  /** Lowest first; a layer that occurs twice is named once, at its topmost place: overlay refuses repeats. */
  readonly layerDirectories: readonly string[];
}

export interface CommitLayerOptions {
  readonly parent: ImageInspect;
  /** Plain tar; undefined when nothing was written. */
  readonly layer: Readable | undefined;
  readonly reference: string | undefined;
  readonly changes: readonly string[];
  readonly author: string | undefined;
  readonly comment: string | undefined;
  readonly createdBy: string | undefined;
  readonly signal: AbortSignal | undefined;
}

const SHORTEST_ID_PREFIX = 4;
const RESOLVED_MAX = 256;

export class ImageStore implements ImageService {
  readonly #options: ImageStoreOptions;
  readonly #content: ContentStore;
  readonly #references: ReferenceStore;
  readonly #layers: LayerStore;
  /** By manifest and names: what they stand for never changes. */
  readonly #resolved = new Map<string, Promise<ResolvedImage>>();

  constructor(options: ImageStoreOptions) {
    this.#options = options;
    this.#content = new ContentStore(path.join(options.root, "images"));
    this.#references = new ReferenceStore(path.join(options.root, "images", "references"));
    this.#layers = new LayerStore(path.join(options.root, "layers"), options.tools);
  }

  /** An image that is here already, for this platform. @throws IMAGE_NOT_FOUND, IMAGE_PLATFORM_MISSING, IMAGE_REFERENCE_INVALID */
  async resolve(reference: string, platform?: string): Promise<ResolvedImage> {
    const record = await this.#find(reference);
    const key = `${record.name} ${record.manifest}`;
    let resolved = this.#resolved.get(key);
    if (!resolved) {
      resolved = this.#resolve(record);
      if (this.#resolved.size >= RESOLVED_MAX) this.#resolved.clear();
      this.#resolved.set(key, resolved);
      resolved.catch(() => this.#resolved.delete(key));
    }
    const image = await resolved;
    if (platform !== undefined && !matchesPlatform(platform, parsePlatform(image.inspect.platform))) {
      throw platformMissing(reference, platform, [image.inspect.platform]);
    }
    return image;
  }

  async pull(reference: string, options: PullOptions = {}): Promise<ImageInspect> {
    throwIfAborted("pull", options.signal);
    const name = familiarName(withDefaultTag(parseReference(reference)));
    if (await this.#references.get(canonicalName(withDefaultTag(parseReference(reference))))) return this.inspect(name);
    throw new UnsupportedError("builtin", "images.pull", "it does not fetch from registries yet", `Import a root file system as ${name}.`);
  }

  async push(): Promise<{ readonly digest: string }> {
    throw new UnsupportedError("builtin", "images.push", "it does not speak to registries yet");
  }

  async load(): Promise<readonly LoadedImage[]> {
    throw new UnsupportedError("builtin", "images.load", "it does not read image archives yet", "Import a root file system instead.");
  }

  async save(): Promise<Readable> {
    throw new UnsupportedError("builtin", "images.save", "it does not write image archives yet");
  }

  async import(rootfs: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<ImageInspect> {
    throwIfAborted("import", options.signal);
    const name = canonicalName(withDefaultTag(parseReference(options.reference)));
    const platform = parsePlatform(options.platform ?? hostPlatform());
    const diffId = await this.#layers.add(decompress(rootfs), undefined, options.signal);
    const created = new Date().toISOString();
    const execution: ImageConfig = { ...fromOci(), ...options.config };
    return this.#publish("import", name, {
      created,
      architecture: platform.architecture,
      os: platform.os,
      ...(platform.variant ? { variant: platform.variant } : {}),
      config: toOci(execution),
      rootfs: { type: "layers", diff_ids: [diffId] },
      history: [{ created, comment: options.comment ?? "Imported" }],
    });
  }

  async commitLayer(options: CommitLayerOptions): Promise<ImageInspect> {
    const { parent, layer, reference, changes, author, comment, createdBy, signal } = options;
    const name = reference === undefined ? undefined : canonicalName(withDefaultTag(parseReference(reference)));
    const config = applyChanges(parent.config, changes);
    const base = parseOciConfig(await this.#content.get(parent.id), parent.id);
    const diffIds = layer ? [await this.#layers.add(layer, undefined, signal)] : [];
    const created = new Date().toISOString();
    return this.#publish("commit", name, {
      ...base,
      created,
      ...(author ? { author } : {}),
      config: { ...base.config, ...toOci(config) },
      rootfs: { type: "layers", diff_ids: [...base.rootfs.diff_ids, ...diffIds] },
      history: [
        ...(base.history ?? []),
        {
          created,
          ...(createdBy ? { created_by: createdBy } : {}),
          ...(comment ? { comment } : {}),
          ...(author ? { author } : {}),
          ...(layer ? {} : { empty_layer: true }),
        },
      ],
    });
  }

  async tag(source: string, target: string): Promise<void> {
    const record = await this.#find(source);
    const name = canonicalName(withDefaultTag(parseReference(target)));
    await this.#references.put({ ...record, name });
    this.#emit("tag", record.config, name);
  }

  async inspect(reference: string): Promise<ImageInspect> {
    const record = await this.#find(reference);
    const names = (await this.#references.list()).flatMap((other) => (other.config === record.config && other.name ? [other.name] : []));
    return readImage(this.#content, this.#layers, record, names.sort());
  }

  async list(options: ImageListOptions = {}): Promise<readonly ImageSummary[]> {
    const records = await this.#references.list();
    const ids = [...new Set(records.map((record) => record.config))];
    const images = await Promise.all(ids.map((id) => this.inspect(id)));
    return images
      .filter((image) => options.reference === undefined || image.references.some((name) => matchesPattern(name, options.reference!)))
      .filter((image) => Object.entries(options.labels ?? {}).every(([label, value]) => image.labels[label] === value))
      .map(({ id, references, created, size, labels, platform }) => ({ id, references, created, size, labels, platform }))
      .sort((a, b) => b.created.getTime() - a.created.getTime());
  }

  async remove(reference: string, options: { readonly force?: boolean } = {}): Promise<ImageRemoval> {
    const record = await this.#find(reference);
    const all = (await this.#references.list()).filter((other) => other.config === record.config);
    const byId = isIdPrefix(reference, record.config);
    const going = byId ? all : all.filter((other) => other.name === record.name);
    const last = going.length === all.length;
    const containers = this.#options.usedBy(record.config);
    if (last && containers.length > 0 && !options.force) {
      throw new CaissonError("IMAGE_IN_USE", `Image ${reference} is used by ${containers.join(", ")}`, {
        facts: { reference, containers },
        remedy: "Remove the containers first, or remove the image with force.",
      });
    }
    for (const gone of going) {
      await this.#references.remove(gone);
      if (gone.name) this.#emit("untag", gone.config, gone.name);
    }
    const untagged = going.flatMap((gone) => (gone.name ? [familiarName(parseReference(gone.name))] : []));
    // Layers stay for as long as a container stands on them.
    if (!last || containers.length > 0) return { untagged, deleted: [] };
    return { untagged, deleted: await this.#delete(record) };
  }

  async #delete(record: ReferenceRecord): Promise<readonly string[]> {
    const { diff_ids } = parseOciConfig(await this.#content.get(record.config), record.config).rootfs;
    const others = await Promise.all(
      (await this.#references.list()).map((other) =>
        this.#content.get(other.config).then((bytes) => parseOciConfig(bytes, other.config).rootfs.diff_ids),
      ),
    );
    const needed = new Set(others.flat());
    const orphans = diff_ids.filter((diffId) => !needed.has(diffId));
    for (const diffId of orphans) await this.#layers.remove(diffId);
    await this.#content.remove(record.manifest);
    await this.#content.remove(record.config);
    this.#resolved.clear();
    this.#emit("delete", record.config, record.name ?? record.config);
    return [record.config, ...orphans];
  }

  async #publish(action: string, name: string | undefined, config: OciImageConfig): Promise<ImageInspect> {
    const written = await writeImage(this.#content, this.#layers, config);
    const previous = name === undefined ? undefined : await this.#references.get(name);
    const record: ReferenceRecord = { name, ...written, repoDigests: [] };
    await this.#references.put(record);
    // The image that had the name stays reachable by its id.
    if (previous && previous.config !== record.config) {
      const others = await this.#references.list();
      if (!others.some((other) => other.config === previous.config)) await this.#references.put({ ...previous, name: undefined });
    }
    this.#emit(action, record.config, name ?? record.config);
    return this.inspect(record.config);
  }

  async #resolve(record: ReferenceRecord): Promise<ResolvedImage> {
    const inspect = await readImage(this.#content, this.#layers, record, record.name ? [record.name] : []);
    const topmost = inspect.layers.filter((diffId, index) => inspect.layers.lastIndexOf(diffId) === index);
    return { inspect, layerDirectories: topmost.map((diffId) => this.#layers.path(diffId)) };
  }

  async #find(reference: string): Promise<ReferenceRecord> {
    if (/^(sha256:)?[0-9a-f]{4,64}$/.test(reference)) {
      const matches = (await this.#references.list()).filter((record) => isIdPrefix(reference, record.config));
      const [first] = matches;
      if (first && new Set(matches.map((record) => record.config)).size === 1) return first;
      if (reference.startsWith("sha256:") || reference.length === 64) throw this.#notFound(reference, []);
    }
    const name = canonicalName(withDefaultTag(parseReference(reference)));
    const record = await this.#references.get(name);
    if (record) return record;
    throw this.#notFound(
      reference,
      (await this.#references.list()).flatMap((known) => (known.name ? [familiarName(parseReference(known.name))] : [])),
    );
  }

  #notFound(reference: string, known: readonly string[]): CaissonError<"IMAGE_NOT_FOUND"> {
    return new CaissonError("IMAGE_NOT_FOUND", `There is no image ${reference} here`, {
      facts: { reference },
      evidence: known.length > 0 ? [`Images here: ${known.slice(0, 20).join(", ")}`] : [],
    });
  }

  #emit(action: string, id: string, name: string): void {
    this.#options.emit({ type: "image", action, id, time: new Date(), attributes: { name } });
  }
}

function isIdPrefix(reference: string, id: string): boolean {
  const hex = reference.replace(/^sha256:/, "");
  return hex.length >= SHORTEST_ID_PREFIX && /^[0-9a-f]+$/.test(hex) && id.slice("sha256:".length).startsWith(hex);
}

/** `*` stands for anything; a repository stands for all of its tags. */
function matchesPattern(name: string, pattern: string): boolean {
  const expression = new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
  );
  return expression.test(name) || expression.test(name.replace(/:[^:/]+$/, ""));
}
