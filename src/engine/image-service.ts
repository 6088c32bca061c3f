/** The contract's images: part of engine.ts, which everybody imports. */
import type { Readable } from "node:stream";
import type { BuildCheck, BuildContext, BuildOptions, BuildResult, PruneResult } from "./build-service.js";
import type { PruneFilters } from "./container-filters.js";
import type { ImageConfig, ImageInspect, ImageProgress, ImageSummary, RemoteImage } from "./image-inspect.js";
import type { RegistryAuth } from "./registry-auth.js";

export interface ImageService {
  /** Fetches an image unless every part is here already. @throws IMAGE_NOT_FOUND, REGISTRY_*, DIGEST_MISMATCH, LAYER_INVALID, DISK_FULL */
  pull(reference: string, options?: PullOptions): Promise<ImageInspect>;
  push(reference: string, options?: PushOptions): Promise<{ readonly digest: string }>;
  /**
   * Asks a registry whether it takes these credentials. Nothing is kept.
   * @param registry its host, with its port where it has one; `docker.io` for Docker Hub
   * @throws REGISTRY_UNAUTHORIZED, REGISTRY_UNREACHABLE, REGISTRY_ERROR, ABORTED
   */
  login(registry: string, auth: RegistryAuth, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /**
   * What a registry has under a reference. Its manifest is asked for, and of an image for one platform the configuration; nothing is kept.
   * @throws IMAGE_NOT_FOUND, REGISTRY_*, DIGEST_MISMATCH, UNSUPPORTED, ABORTED
   */
  inspectRemote(reference: string, options?: RegistryOptions): Promise<RemoteImage>;
  /**
   * Looks for repositories, best first, in the order of the registry.
   * @param term a word of Docker Hub's, or `HOST[:PORT]/WORD` for another registry
   * @throws REGISTRY_*, OPTION_INVALID, UNSUPPORTED, ABORTED
   */
  search(term: string, options?: SearchOptions): Promise<readonly FoundRepository[]>;
  /** Reads a docker archive or an OCI layout, as tar, plain or compressed. */
  load(archive: AsyncIterable<Uint8Array>, options?: LoadOptions): Promise<readonly LoadedImage[]>;
  /** Writes images as a tar. Reading stops the work when the stream is destroyed. */
  save(references: readonly string[], options?: SaveOptions): Promise<Readable>;
  /**
   * Makes an image of one layer from the tar of a root file system, plain or compressed.
   * @param rootfs bytes, or the `http:` or `https:` address that the engine fetches them from: a daemon does so from where it is
   * @throws LAYER_INVALID, PATH_NOT_FOUND where the address has nothing, OPTION_INVALID, IMAGE_REFERENCE_INVALID, DISK_FULL, ABORTED
   */
  import(rootfs: AsyncIterable<Uint8Array> | URL, options?: ImportOptions): Promise<ImageInspect>;
  /** Builds an image from a Dockerfile. @throws DOCKERFILE_INVALID, BUILD_FAILED, IMAGE_NOT_FOUND, PATH_NOT_FOUND, REGISTRY_*, DISK_FULL, ABORTED */
  build(context: BuildContext, options?: BuildOptions): Promise<BuildResult>;
  /** Removes images that no container uses: those without a name, or with `dangling: false` all. */
  prune(options?: ImagePruneOptions): Promise<ImagePruneResult>;
  /**
   * Checks a Dockerfile without building anything: all of its stages, or those that `target` needs. Options that are about running
   * steps or about the result have no effect. An image that is not here is asked for only where a check depends on it: its registry, for
   * its configuration alone; daemons pull it. Contexts that a daemon would fetch for a build are fetched from here.
   * Warnings also come as progress events. @throws PATH_NOT_FOUND, OPTION_INVALID, LAYER_INVALID, ABORTED; a broken Dockerfile is part of the result
   */
  checkBuild(context: BuildContext, options?: BuildOptions): Promise<BuildCheck>;
  /** Forgets what builds remember, and removes the layers that no image uses. */
  pruneBuilds(): Promise<PruneResult>;
  /** Reads everything that is stored again, and compares it with its digest. Changes nothing. @throws UNSUPPORTED, ABORTED */
  verify(options?: { readonly signal?: AbortSignal | undefined }): Promise<StoreReport>;
  tag(source: string, target: string): Promise<void>;
  /** By reference, id or unambiguous id prefix. @throws IMAGE_NOT_FOUND */
  inspect(reference: string): Promise<ImageInspect>;
  /** The newest first. */
  list(options?: ImageListOptions): Promise<readonly ImageSummary[]>;
  remove(reference: string, options?: { readonly force?: boolean }): Promise<ImageRemoval>;
}

export interface PullOptions {
  /** `os/arch[/variant]`. @default the host's platform */
  readonly platform?: string | undefined;
  /** Instead of what docker's config.json and credential helpers say. */
  readonly auth?: RegistryAuth | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((event: ImageProgress) => void) | undefined;
}

export interface RegistryOptions {
  /** Instead of what docker's config.json and credential helpers say. */
  readonly auth?: RegistryAuth | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface SearchOptions extends RegistryOptions {
  /** From 1 to 100. @default 25 */
  readonly limit?: number | undefined;
}

export interface FoundRepository {
  /** As references have it: without the host for Docker Hub, with it for other registries. */
  readonly name: string;
  readonly description: string;
  readonly stars: number;
  readonly official: boolean;
}

export interface PushOptions {
  readonly auth?: RegistryAuth | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((event: ImageProgress) => void) | undefined;
}

export interface LoadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((event: ImageProgress) => void) | undefined;
}

export interface SaveOptions {
  /** @default "docker" (an archive that both `docker load` and OCI tools read: OCI layout plus manifest.json) */
  readonly format?: "docker" | "oci" | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ImportOptions {
  /** Name of the image. @default none: reachable by id */
  readonly reference?: string | undefined;
  readonly config?: Partial<ImageConfig> | undefined;
  /** Dockerfile instructions on top of it: CMD ENTRYPOINT ENV EXPOSE LABEL USER VOLUME WORKDIR STOPSIGNAL. */
  readonly changes?: readonly string[] | undefined;
  readonly platform?: string | undefined;
  readonly comment?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Of what is fetched from an address, which is the events' id. */
  readonly progress?: ((event: ImageProgress) => void) | undefined;
}

export interface LoadedImage {
  readonly id: string;
  readonly references: readonly string[];
}

export interface ImageListOptions {
  /** A repository or reference, with `*` as wildcard. */
  readonly reference?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

export interface ImageRemoval {
  readonly untagged: readonly string[];
  readonly deleted: readonly string[];
}

export interface ImagePruneOptions {
  /** Only images that have no name. @default true */
  readonly dangling?: boolean | undefined;
  readonly filters?: PruneFilters | undefined;
}

export interface ImagePruneResult extends ImageRemoval {
  /** Of the layers that went. */
  readonly bytes: number;
}

/** What {@link ImageService.verify} has read, and what of it is damaged. */
export interface StoreReport {
  readonly images: number;
  readonly blobs: number;
  readonly layers: number;
  /** That were read. */
  readonly bytes: number;
  readonly problems: readonly StoreProblem[];
}

export interface StoreProblem {
  readonly kind: "blob" | "image" | "layer";
  /** Digest, or the name of an image. */
  readonly name: string;
  readonly reason: string;
}
