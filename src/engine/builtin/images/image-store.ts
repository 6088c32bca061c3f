/**
 * The images of one data root: the contract's ImageService over names, blobs and unpacked layers. What speaks to registries or reads
 * archives is loaded when somebody asks for it: most processes only look an image up.
 */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import type {
  EngineEvent,
  FoundRepository,
  ImageConfig,
  ImageInspect,
  ImageListOptions,
  ImagePruneOptions,
  ImagePruneResult,
  ImageRemoval,
  ImageService,
  ImageSummary,
  ImportOptions,
  LoadedImage,
  LoadOptions,
  PullOptions,
  PushOptions,
  RegistryAuth,
  RegistryOptions,
  RemoteImage,
  SaveOptions,
  SearchOptions,
  StoreReport,
} from "../../engine.js";
import { CaissonError, optionError, throwIfAborted } from "../../errors.js";
import { matchesReference } from "../../filters.js";
import { newestFirst } from "../../newest-first.js";
import { applyChanges } from "../../oci/config-changes.js";
import { decompress } from "../../oci/decompress.js";
import { fromOci, type OciImageConfig, parseOciConfig, toOci } from "../../oci/image-config.js";
import { hostPlatform, matchesPlatform, parsePlatform, platformMissing } from "../../oci/platform.js";
import { canonicalName, familiarName, parseReference, repositoryName, withDefaultTag } from "../../oci/reference.js";
import { removeAbandoned } from "./abandoned-files.js";
import { isHalfWritten } from "./atomic-file.js";
import { ContentStore } from "./content-store.js";
import { FileLocks, type KernelLocks } from "./file-locks.js";
import { readImage, writeImage } from "./image-records.js";
import { LayerStore } from "./layer-store.js";
import type { LayerTools } from "./layer-tools.js";
import { isImageIndex, parseManifest } from "./manifest.js";
import { pruneImages } from "./prune-images.js";
import { type ReferenceRecord, ReferenceStore } from "./reference-store.js";
import { Registries } from "./registry/registries.js";
import { Removals } from "./removals.js";

export interface ImageStoreOptions {
  /** Data root. */
  readonly root: string;
  readonly tools: LayerTools;
  readonly kernelLocks: KernelLocks;
  /** Says which registries, mirrors and credentials there are. */
  readonly environment: NodeJS.ProcessEnv;
  /** Names of the containers that were made from an image. */
  readonly usedBy: (imageId: string) => Promise<readonly string[]>;
  readonly emit: (event: EngineEvent) => void;
  /** Builds are another room's: it is told what to build, and writes the result with `publishBuild`. */
  readonly build: ImageService["build"];
  readonly checkBuild: ImageService["checkBuild"];
  readonly pruneBuilds: ImageService["pruneBuilds"];
  /** Layers that builds would miss. */
  readonly held: () => Promise<ReadonlySet<string>>;
}

/** An image that containers can be made from. */
export interface ResolvedImage {
  readonly inspect: ImageInspect;
  /** Lowest first; a layer that occurs twice is named once, at its topmost place: overlay refuses repeats. */
  readonly layerDirectories: readonly string[];
}

export interface CommitLayerOptions {
  readonly parent: ImageInspect;
  /** Before the changes. */
  readonly config: ImageConfig;
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
  readonly content: ContentStore;
  readonly layers: LayerStore;
  readonly locks: FileLocks;
  readonly removals: Removals;
  readonly registries: Registries;
  readonly #references: ReferenceStore;
  readonly #ingest: string;
  /** By manifest and names: what they stand for never changes. */
  readonly #resolved = new Map<string, Promise<ResolvedImage>>();

  readonly tools: LayerTools;
  readonly build: ImageService["build"];
  readonly checkBuild: ImageService["checkBuild"];
  readonly pruneBuilds: ImageService["pruneBuilds"];

  constructor(options: ImageStoreOptions) {
    this.#options = options;
    this.tools = options.tools;
    this.locks = new FileLocks(options.kernelLocks);
    this.removals = new Removals(this.locks, path.join(options.root, "images", "in-use"));
    this.build = options.build;
    this.checkBuild = options.checkBuild;
    this.pruneBuilds = options.pruneBuilds;
    this.registries = new Registries(options.environment);
    this.#ingest = path.join(options.root, "images", "ingest");
    this.content = new ContentStore(path.join(options.root, "images"));
    this.#references = new ReferenceStore(path.join(options.root, "images", "references"));
    this.layers = new LayerStore(path.join(options.root, "layers"), options.tools);
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

  /** An image that may be gone from the list of images, while a container stands on its layers. */
  async resolved(inspect: ImageInspect): Promise<ResolvedImage> {
    const topmost = inspect.layers.filter((diffId, index) => inspect.layers.lastIndexOf(diffId) === index);
    // Overlay can't do without a lower directory.
    const layerDirectories = topmost.length > 0 ? topmost.map((diffId) => this.layers.path(diffId)) : [await this.layers.empty()];
    return { inspect, layerDirectories };
  }

  async pull(reference: string, options: PullOptions = {}): Promise<ImageInspect> {
    throwIfAborted("pull", options.signal);
    const parsed = withDefaultTag(parseReference(reference));
    const name = canonicalName(parsed);
    const { content, layers, locks, registries } = this;
    const known = await this.#references.get(name);
    // A digest never changes what it stands for, and offline nobody can say what a tag stands for now.
    if (known && (parsed.digest || registries.offline) && (await this.#complete(known))) return this.inspect(name);
    await this.#removeAbandoned();
    const { pullImage } = await import("./pull-image.js");
    return this.removals.keeping(async (keep) => {
      const context = { content, layers, registries, ingest: this.#ingest, locks, keep };
      const { manifest, config, repoDigest } = await pullImage(context, parsed, options);
      await this.#name(name, { manifest, config, repoDigests: [repoDigest] });
      this.#emit("pull", config, name);
      return this.inspect(name);
    });
  }

  /** Of an image that need not be here: asked of its registry, without its layers. @throws as pull */
  async remoteConfig(reference: string, options: PullOptions = {}): Promise<OciImageConfig> {
    const { pullConfig } = await import("./pull-image.js");
    const { content, layers, locks, registries } = this;
    const context = { content, layers, registries, ingest: this.#ingest, locks, keep: async () => {} };
    return pullConfig(context, withDefaultTag(parseReference(reference)), options);
  }

  async push(reference: string, options: PushOptions = {}): Promise<{ readonly digest: string }> {
    throwIfAborted("push", options.signal);
    const record = await this.#find(reference);
    if (record.name === undefined) throw optionError("reference", reference, "a name: an id says nothing about where to push to");
    const parsed = parseReference(record.name);
    const { content, layers, registries } = this;
    const { pushImage } = await import("./push-image.js");
    const pushed = await pushImage({ content, layers, registries, ingest: this.#ingest }, parsed, record, options);
    const repoDigest = `${repositoryName(parsed, true)}@${pushed.digest}`;
    if (!record.repoDigests.includes(repoDigest)) {
      await this.#references.put({ ...record, repoDigests: [...record.repoDigests, repoDigest] });
      this.#resolved.clear();
    }
    this.#emit("push", record.config, record.name);
    return pushed;
  }

  async login(registry: string, auth: RegistryAuth, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    throwIfAborted("login", options.signal);
    await this.registries.login(registry, auth, options.signal);
  }

  async inspectRemote(reference: string, options: RegistryOptions = {}): Promise<RemoteImage> {
    throwIfAborted("inspectRemote", options.signal);
    const { describeRemote } = await import("./registry/describe-remote.js");
    return describeRemote(this.registries, withDefaultTag(parseReference(reference)), options);
  }

  async search(term: string, options: SearchOptions = {}): Promise<readonly FoundRepository[]> {
    throwIfAborted("search", options.signal);
    const { searchRegistry } = await import("./registry/search-registry.js");
    return searchRegistry(this.registries, term, options);
  }

  async load(archive: AsyncIterable<Uint8Array>, options: LoadOptions = {}): Promise<readonly LoadedImage[]> {
    throwIfAborted("load", options.signal);
    const { loadImages, removeSpool } = await import("./archive/load-images.js");
    const spool = path.join(this.#ingest, `load-${process.pid}-${randomBytes(6).toString("hex")}`);
    try {
      return await this.removals.keeping(async (keep) => {
        const found = await loadImages({ content: this.content, layers: this.layers, keep, spool }, archive, options);
        const loaded: LoadedImage[] = [];
        for (const { manifest, config, names } of found) {
          const image = { manifest, config, repoDigests: [] };
          if (names.length === 0) await this.#name(undefined, image);
          for (const name of names) await this.#name(name, image);
          this.#emit("load", config, names[0] ?? config);
          loaded.push({ id: config, references: names.map((name) => familiarName(parseReference(name))) });
        }
        return loaded;
      });
    } finally {
      await removeSpool(spool);
    }
  }

  async save(references: readonly string[], options: SaveOptions = {}): Promise<Readable> {
    throwIfAborted("save", options.signal);
    const records = await Promise.all(references.map((reference) => this.#find(reference)));
    if (records.length === 0) throw optionError("references", references, "at least one image");
    const { saveImages } = await import("./archive/save-images.js");
    return saveImages({ content: this.content, layers: this.layers }, records, options);
  }

  async import(rootfs: AsyncIterable<Uint8Array> | URL, options: ImportOptions = {}): Promise<ImageInspect> {
    throwIfAborted("import", options.signal);
    const { reference, changes = [], signal, progress } = options;
    const name = reference === undefined ? undefined : canonicalName(withDefaultTag(parseReference(reference)));
    const execution = applyChanges({ ...fromOci(), ...options.config }, changes);
    const platform = parsePlatform(options.platform ?? hostPlatform());
    const archive =
      rootfs instanceof URL
        ? await (await import("./fetch-archive.js")).fetchArchive(this.registries.http, rootfs, { signal, progress })
        : rootfs;
    return this.removals.keeping(async (keep) => {
      const diffId = await this.layers.addNormalized(decompress(archive), signal, keep);
      const created = new Date().toISOString();
      return this.#publish("import", name, {
        created,
        architecture: platform.architecture,
        os: platform.os,
        ...(platform.variant ? { variant: platform.variant } : {}),
        config: toOci(execution),
        rootfs: { type: "layers", diff_ids: [diffId] },
        history: [{ created, comment: options.comment ?? "Imported" }],
      });
    });
  }

  async commitLayer(options: CommitLayerOptions): Promise<ImageInspect> {
    const { parent, layer, reference, changes, config: before, author, comment, createdBy, signal } = options;
    const name = reference === undefined ? undefined : canonicalName(withDefaultTag(parseReference(reference)));
    const config = applyChanges(before, changes);
    const base = parseOciConfig(await this.content.get(parent.id), parent.id);
    return this.removals.keeping(async (keep) => {
      await keep(...base.rootfs.diff_ids);
      const diffIds = layer ? [await this.layers.addNormalized(layer, signal, keep)] : [];
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
    });
  }

  /** What a build made, under all of its names; without one it is reachable by its id. */
  async publishBuild(config: OciImageConfig, names: readonly string[]): Promise<ImageInspect> {
    const canonical = names.map((name) => canonicalName(withDefaultTag(parseReference(name))));
    const [first, ...others] = canonical;
    const image = await this.#publish("build", first, config);
    for (const name of others) await this.tag(image.id, name);
    return others.length > 0 ? this.inspect(image.id) : image;
  }

  /** Layers of the images that are here. */
  async layersInUse(): Promise<ReadonlySet<string>> {
    const records = await this.#references.list();
    const layers = await Promise.all(
      records.map((record) =>
        this.#unlessGone(record.config, async () => parseOciConfig(await this.content.get(record.config), record.config).rootfs.diff_ids),
      ),
    );
    return new Set(layers.flatMap((diffIds) => diffIds ?? []));
  }

  async verify({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<StoreReport> {
    const { verifyStore } = await import("./verify-store.js");
    return verifyStore({ content: this.content, layers: this.layers, references: this.#references }, signal);
  }

  async tag(source: string, target: string): Promise<void> {
    const record = await this.#find(source);
    const name = canonicalName(withDefaultTag(parseReference(target)));
    await this.#references.put({ ...record, name });
    this.#emit("tag", record.config, name);
  }

  async inspect(reference: string): Promise<ImageInspect> {
    const record = await this.#find(reference);
    return this.#read(record, await this.#references.list());
  }

  async list(options: ImageListOptions = {}): Promise<readonly ImageSummary[]> {
    const records = await this.#references.list();
    const one = [...new Map(records.map((record) => [record.config, record])).values()];
    const images = await Promise.all(one.map((record) => this.#unlessGone(record.config, () => this.#read(record, records))));
    return images
      .flatMap((image) => image ?? [])
      .filter((image) => options.reference === undefined || image.references.some((name) => matchesReference(name, options.reference!)))
      .filter((image) => Object.entries(options.labels ?? {}).every(([label, value]) => image.labels[label] === value))
      .map(({ id, references, repoDigests, created, size, labels, platform }) => ({
        id,
        references,
        repoDigests,
        created,
        size,
        labels,
        platform,
      }))
      .sort(newestFirst);
  }

  /** Under all of the names that it has. */
  #read(record: ReferenceRecord, records: readonly ReferenceRecord[]): Promise<ImageInspect> {
    const same = records.filter(({ config }) => config === record.config);
    const names = same.flatMap(({ name }) => name ?? []).sort();
    const repoDigests = [...new Set([...record.repoDigests, ...same.flatMap((other) => other.repoDigests)])];
    return readImage(this.content, this.layers, { ...record, repoDigests }, names);
  }

  async remove(reference: string, options: { readonly force?: boolean } = {}): Promise<ImageRemoval> {
    const record = await this.#find(reference);
    const all = (await this.#references.list()).filter((other) => other.config === record.config);
    const byId = isIdPrefix(reference, record.config);
    const going = byId ? all : all.filter((other) => other.name === record.name);
    const last = going.length === all.length;
    const containers = await this.#options.usedBy(record.config);
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

  async prune(options: ImagePruneOptions = {}): Promise<ImagePruneResult> {
    const abandoned = await this.#removeAbandoned();
    await this.locks.removeFree(this.#ingest);
    const pruned = await pruneImages(this, async (id) => (await this.#options.usedBy(id)).length > 0, options);
    return { ...pruned, bytes: pruned.bytes + abandoned };
  }

  /** @returns bytes of unfinished blobs that are gone */
  async #removeAbandoned(): Promise<number> {
    await this.layers.removeAbandoned();
    // Whoever does the same work again removes its lock, and so does prune().
    const isTemporary = (name: string): boolean => !name.endsWith(".lock");
    const remove = (file: string): Promise<void> => rm(file, { recursive: true, force: true });
    let bytes = await removeAbandoned(this.#ingest, isTemporary, remove);
    for (const place of ["references", "blobs/sha256"])
      bytes += await removeAbandoned(path.join(this.#options.root, "images", place), isHalfWritten, remove);
    return bytes;
  }

  /** What somebody removes meanwhile is undefined, and no failure. */
  async #unlessGone<T>(id: string, look: () => Promise<T>): Promise<T | undefined> {
    try {
      return await look();
    } catch (error) {
      if ((await this.#references.list()).some(({ config }) => config === id)) throw error;
      return undefined;
    }
  }

  /** Removes layers that no image has and nobody says to use. @returns those that are gone */
  async removeUnused(diffIds: Iterable<string>): Promise<readonly string[]> {
    const { gone, removals } = await this.removals.exclusive(() => this.#detachUnused(diffIds));
    for (const removal of removals) await removal();
    return gone;
  }

  async #detachUnused(diffIds: Iterable<string>) {
    const needed = new Set([...(await this.layersInUse()), ...(await this.#options.held()), ...(await this.removals.kept())]);
    const gone = [...new Set(diffIds)].filter((diffId) => !needed.has(diffId));
    const removals: (() => Promise<void>)[] = [];
    for (const diffId of gone) removals.push(await this.layers.detach(diffId));
    return { gone, removals };
  }

  async #delete(record: ReferenceRecord): Promise<readonly string[]> {
    const { gone: orphans, removals } = await this.removals.exclusive(async () => {
      const known = (await this.#references.list()).some(({ config }) => config === record.config);
      const document = known ? undefined : await this.content.get(record.config).catch(() => undefined);
      // Somebody else has removed it or made it again, meanwhile.
      if (!document) return { gone: [], removals: [] };
      const detached = await this.#detachUnused(parseOciConfig(document, record.config).rootfs.diff_ids);
      const others = await this.#references.list();
      const kept = new Set(
        (await Promise.all(others.map((other) => this.#unlessGone(other.config, () => this.#blobs(other))))).flatMap(
          (blobs) => blobs ?? [],
        ),
      );
      for (const blob of await this.#blobs(record)) if (!kept.has(blob)) await this.content.remove(blob);
      return detached;
    });
    for (const removal of removals) await removal();
    this.#resolved.clear();
    this.#emit("delete", record.config, record.name ?? record.config);
    return [record.config, ...orphans];
  }

  /** Everything of an image that may be in the content store. */
  async #blobs({ manifest, config }: ReferenceRecord): Promise<readonly string[]> {
    const document = parseManifest(await this.content.get(manifest), undefined, `manifest ${manifest}`);
    return [manifest, config, ...(isImageIndex(document) ? [] : document.layers.map(({ digest }) => digest))];
  }

  async #publish(action: string, name: string | undefined, config: OciImageConfig): Promise<ImageInspect> {
    // The same image may have been there, and be going: its documents stay from the moment in which they are written.
    const { config: id, image } = await this.removals.exclusive(async () => {
      const written = { ...(await writeImage(this.content, this.layers, config)), repoDigests: [] };
      await this.#name(name, written);
      // Names need no lock: without one of its own, the image may be pruned already.
      return { config: written.config, image: await this.#read({ ...written, name }, await this.#references.list()) };
    });
    this.#emit(action, id, name ?? id);
    return image;
  }

  /** Gives an image a name, or a place without one. The image that had the name stays reachable by its id. */
  async #name(name: string | undefined, image: Omit<ReferenceRecord, "name">): Promise<void> {
    if (name === undefined) {
      if ((await this.#references.list()).some((other) => other.config === image.config)) return;
      return this.#references.put({ ...image, name });
    }
    const previous = await this.#references.get(name);
    if (previous?.manifest === image.manifest && previous.config === image.config && image.repoDigests.length === 0) return;
    await this.#references.put({ ...image, name });
    if (previous && previous.config !== image.config) await this.#name(undefined, previous);
  }

  async #complete(record: ReferenceRecord): Promise<boolean> {
    return this.inspect(record.name ?? record.config).then(
      () => true,
      () => false,
    );
  }

  async #resolve(record: ReferenceRecord): Promise<ResolvedImage> {
    return this.resolved(await readImage(this.content, this.layers, record, record.name ? [record.name] : []));
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
