/** The daemon's images: the contract's ImageService over the Docker Engine API. */
import type { Readable } from "node:stream";
import { type ImageHistoryJson, type ImageJson, type ImageRowJson, imageInspectOf, imageSummaryOf } from "../../docker-api/image-json.js";
import type {
  BuildCheck,
  BuildContext,
  BuildOptions,
  BuildResult,
  FoundRepository,
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
  PruneResult,
  PullOptions,
  PushOptions,
  RegistryAuth,
  RegistryOptions,
  RemoteImage,
  SaveOptions,
  SearchOptions,
  StoreReport,
} from "../../engine.js";
import { CaissonError, isCaissonError, throwIfAborted, UnsupportedError } from "../../errors.js";
import { matchesReference } from "../../filters.js";
import { newestFirst } from "../../newest-first.js";
import { parsePlatform } from "../../oci/platform.js";
import type { DockerClient } from "../docker-client.js";
import { withoutSessionLabels } from "../lifetime/session-labels.js";
import { importRootfs, loadImages, saveImages } from "./archives.js";
import { repositoryAndTag, requestName } from "./image-name.js";
import { authJson } from "./registry-auth.js";
import { registryFailure } from "./registry-failure.js";
import { inspectRemote, searchRegistry } from "./registry-queries.js";
import { pruneImages, removeImage } from "./removal.js";
import { pullImage, pushImage } from "./transfers.js";

export interface RemoteImagesOptions {
  readonly client: DockerClient;
  /** Says where credentials for registries are. */
  readonly environment: NodeJS.ProcessEnv;
  /** Of the daemon's host. */
  readonly platform: string;
}

export class RemoteImages implements ImageService {
  readonly #client: DockerClient;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #platform: string;

  constructor({ client, environment, platform }: RemoteImagesOptions) {
    this.#client = client;
    this.#environment = environment;
    this.#platform = platform;
  }

  async pull(reference: string, options: PullOptions = {}): Promise<ImageInspect> {
    throwIfAborted("pull", options.signal);
    return pullImage(this.#parts, reference, options);
  }

  async push(reference: string, options: PushOptions = {}): Promise<{ readonly digest: string }> {
    throwIfAborted("push", options.signal);
    return pushImage(this.#parts, reference, options);
  }

  async login(registry: string, auth: RegistryAuth, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const request = { doing: `Logging in to ${registry}`, json: authJson(registry, auth), signal: options.signal };
    await this.#client.status("POST", "/auth", request).catch((error: unknown) => {
      if (!isCaissonError(error, "DAEMON_ERROR")) throw error;
      const failure = registryFailure(error.facts.message, { registry, reference: registry, credentials: "given with the call" });
      if (!isCaissonError(failure, "REGISTRY_UNAUTHORIZED")) throw failure ?? error;
      throw new CaissonError("REGISTRY_UNAUTHORIZED", `${registry} does not take these credentials`, {
        facts: failure.facts,
        evidence: failure.evidence.slice(0, 1),
        cause: error,
        remedy: "Check the user name and the password.",
      });
    });
  }

  async inspectRemote(reference: string, options: RegistryOptions = {}): Promise<RemoteImage> {
    throwIfAborted("inspectRemote", options.signal);
    return inspectRemote(this.#parts, reference, options);
  }

  async search(term: string, options: SearchOptions = {}): Promise<readonly FoundRepository[]> {
    throwIfAborted("search", options.signal);
    return searchRegistry(this.#parts, term, options);
  }

  async load(archive: AsyncIterable<Uint8Array>, options: LoadOptions = {}): Promise<readonly LoadedImage[]> {
    throwIfAborted("load", options.signal);
    return loadImages(this.#parts, archive, options);
  }

  async save(references: readonly string[], options: SaveOptions = {}): Promise<Readable> {
    throwIfAborted("save", options.signal);
    return saveImages(this.#parts, references, options);
  }

  async import(rootfs: AsyncIterable<Uint8Array> | URL, options: ImportOptions = {}): Promise<ImageInspect> {
    throwIfAborted("import", options.signal);
    return importRootfs(this.#parts, rootfs, options);
  }

  async build(context: BuildContext, options: BuildOptions = {}): Promise<BuildResult> {
    const { buildImage } = await import("../builds/build-image.js");
    return buildImage(this.#parts, context, options);
  }

  async checkBuild(context: BuildContext, options: BuildOptions = {}): Promise<BuildCheck> {
    const { checkBuild } = await import("../builds/check/check-build.js");
    return checkBuild({ ...this.#parts, platform: this.#platform, tag: (source, target) => this.tag(source, target) }, context, options);
  }

  prune(options: ImagePruneOptions = {}): Promise<ImagePruneResult> {
    return pruneImages(this.#client, { list: () => this.list(), remove: (id) => this.remove(id) }, options);
  }

  /** @throws UNSUPPORTED: Podman keeps no cache but images */
  async verify(): Promise<StoreReport> {
    throw new UnsupportedError("remote", "verify", "the images are the daemon's, which has no call for it");
  }

  async pruneBuilds(): Promise<PruneResult> {
    try {
      const { CachesDeleted, SpaceReclaimed } = await this.#client.json<{
        CachesDeleted?: readonly string[] | null;
        SpaceReclaimed?: number;
      }>("POST", "/build/prune", { doing: "Pruning the build cache", query: { all: true } });
      return { entries: CachesDeleted?.length ?? 0, bytes: SpaceReclaimed ?? 0 };
    } catch (error) {
      if (!isCaissonError(error, "DAEMON_ERROR") || error.facts.status !== 404) throw error;
      throw new UnsupportedError("remote", "pruneBuilds", "this daemon has no build cache beside its images");
    }
  }

  async tag(source: string, target: string): Promise<void> {
    const { repository, tag } = repositoryAndTag(target);
    await this.#client.status("POST", `/images/${requestName(source)}/tag`, {
      doing: `Tagging ${source} as ${target}`,
      image: source,
      query: { repo: repository, tag },
    });
  }

  inspect(reference: string): Promise<ImageInspect> {
    return this.#inspect(reference, undefined);
  }

  /** @param platform of those under that name: daemons before API 1.49 have one of them, and show that */
  async #inspect(reference: string, platform: string | undefined): Promise<ImageInspect> {
    const name = requestName(reference);
    const wanted = platform !== undefined && this.#client.speaks("1.49") ? JSON.stringify(parsePlatform(platform)) : undefined;
    const request = { doing: `Inspecting image ${reference}`, image: reference, query: { platform: wanted } };
    const [json, history] = await Promise.all([
      this.#client.json<ImageJson>("GET", `/images/${name}/json`, request),
      this.#client.json<readonly ImageHistoryJson[]>("GET", `/images/${name}/history`, request),
    ]).catch(async (error: unknown) => {
      throw isCaissonError(error, "IMAGE_NOT_FOUND") ? await this.#notFound(reference, error) : error;
    });
    return withoutOwners(imageInspectOf(json, history));
  }

  async list({ reference, labels = {} }: ImageListOptions = {}): Promise<readonly ImageSummary[]> {
    const images = (await this.#rows(labels)).map(imageSummaryOf);
    return images
      .map((image) => ({ ...image, labels: withoutSessionLabels(image.labels) }))
      .filter(({ references }) => reference === undefined || references.some((name) => matchesReference(name, reference)))
      .sort(newestFirst);
  }

  async remove(reference: string, options: { readonly force?: boolean } = {}): Promise<ImageRemoval> {
    return removeImage(this.#client, reference, await this.inspect(reference), options.force ?? false);
  }

  get #parts() {
    const inspect = (reference: string, platform?: string): Promise<ImageInspect> => this.#inspect(reference, platform);
    return { client: this.#client, environment: this.#environment, inspect };
  }

  #rows(labels: Readonly<Record<string, string>>): Promise<readonly ImageRowJson[]> {
    const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    // Podman refuses a filter without values.
    const filters = label.length > 0 ? JSON.stringify({ label }) : undefined;
    return this.#client.json("GET", "/images/json", { doing: "Listing images", query: { filters } });
  }

  async #notFound(reference: string, cause: CaissonError): Promise<CaissonError> {
    const known = (await this.list().catch(() => [])).flatMap(({ references }) => references);
    return new CaissonError("IMAGE_NOT_FOUND", `There is no image ${reference} at the daemon`, {
      facts: { reference },
      evidence: known.length > 0 ? [`Images there: ${known.slice(0, 20).join(", ")}`] : [],
      cause,
    });
  }
}

/** Images of containers have the names of the session's labels, without values. */
function withoutOwners(image: ImageInspect): ImageInspect {
  const labels = withoutSessionLabels(image.labels);
  return { ...image, labels, config: { ...image.config, labels } };
}
