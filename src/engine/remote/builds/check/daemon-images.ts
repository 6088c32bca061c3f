/** The images of a daemon, for checks: what it has is looked at, and what it lacks is pulled, since it hands out no configuration alone. */
import { IMAGE_CONTEXT } from "../../../build-context/image-contexts.js";
import { givenCredentials } from "../../../docker-config/given-credentials.js";
import type { ImageLookup } from "../../../dockerfile/lint/check-dockerfile.js";
import type { Base } from "../../../dockerfile/stage-graph.js";
import type { BuildOptions, ImageInspect, ImageProgress, RemoteImage } from "../../../engine.js";
import { isCaissonError } from "../../../errors.js";
import { type OciImageConfig, toOci } from "../../../oci/image-config.js";
import { isOffline } from "../../../oci/offline.js";
import { formatPlatform, matchesPlatform, type Platform, parsePlatform } from "../../../oci/platform.js";
import { isImageId } from "../../images/image-name.js";
import { inspectRemote } from "../../images/registry-queries.js";
import { inspectPlatform, pullImage } from "../../images/transfers.js";
import type { BuildParts } from "../build-image.js";
import { refuseLayout } from "../refuse-layout.js";

export interface DaemonImagesParts extends BuildParts {
  readonly tag: (source: string, target: string) => Promise<void>;
}

interface WantedImage {
  readonly reference: string;
  /** As FROM or the build asks for it. */
  readonly asked: string | undefined;
  readonly platform: Platform;
}

export class DaemonImages implements ImageLookup {
  readonly #parts: DaemonImagesParts;
  readonly #options: BuildOptions;
  readonly #target: Platform;
  /** By name and platform: stages share images. */
  readonly #pulls = new Map<string, Promise<OciImageConfig>>();
  /** The latest one of a name, for which the next one waits: a pull of another platform moves the name. */
  readonly #latest = new Map<string, Promise<unknown>>();

  /** @param target what is built for where FROM names no platform */
  constructor(parts: DaemonImagesParts, options: BuildOptions, target: Platform) {
    this.#parts = parts;
    this.#options = options;
    this.#target = target;
  }

  /** One of another platform counts where its registry has no other: a build takes what that has. */
  async here(base: Base): Promise<OciImageConfig | undefined> {
    const { reference, platform } = this.#wanted(base);
    const image = await this.#inspect(reference, formatPlatform(platform));
    if (!image || matchesPlatform(platform, parsePlatform(image.platform)) || isImageId(reference)) return image && configOf(image);
    const platforms = await this.#platformsThere(reference);
    const there = platforms === undefined || platforms.some((each) => matchesPlatform(platform, parsePlatform(each)));
    return there ? undefined : configOf(image);
  }

  async elsewhere(base: Base): Promise<OciImageConfig> {
    const wanted = this.#wanted(base);
    const key = `${wanted.reference} ${wanted.asked ?? ""}`;
    let pull = this.#pulls.get(key);
    if (!pull) {
      const earlier = this.#latest.get(wanted.reference)?.catch(() => {});
      pull = (earlier ?? Promise.resolve()).then(() => this.#pull(wanted));
      this.#pulls.set(key, pull);
      this.#latest.set(wanted.reference, pull);
    }
    return pull;
  }

  /** @throws UNSUPPORTED for a layout of this host */
  #wanted({ source, platform }: Base): WantedImage {
    const asked = platform ?? this.#options.platform;
    const parsed = platform === undefined ? this.#target : parsePlatform(platform);
    if (source.kind === "image") return { reference: source.reference, asked, platform: parsed };
    if (source.kind !== "context") throw new Error(`a ${source.kind} is no image`);
    const value = this.#options.contexts![source.name]!;
    refuseLayout(source.name, value);
    return { reference: value.slice(IMAGE_CONTEXT.length), asked, platform: parsed };
  }

  async #inspect(reference: string, platform?: string): Promise<ImageInspect | undefined> {
    return inspectPlatform(this.#parts.inspect, reference, platform).catch((error: unknown) => {
      if (isCaissonError(error, "IMAGE_NOT_FOUND")) return undefined;
      throw error;
    });
  }

  /** Undefined where nobody can be asked. */
  async #platformsThere(reference: string): Promise<RemoteImage["platforms"] | undefined> {
    if (isOffline(this.#parts.environment)) return undefined;
    const request = { auth: givenCredentials(reference, this.#options), signal: this.#options.signal };
    try {
      return (await inspectRemote(this.#parts, reference, request)).platforms;
    } catch (error) {
      if (isCaissonError(error, "UNSUPPORTED")) return undefined;
      throw error;
    }
  }

  /** What has the name keeps it: a check changes nothing that was there. */
  async #pull({ reference, asked }: WantedImage): Promise<OciImageConfig> {
    const { inspect, tag } = this.#parts;
    const before = await this.#inspect(reference);
    const { signal, progress } = this.#options;
    try {
      const auth = givenCredentials(reference, this.#options);
      const report = (each: ImageProgress): void => progress?.({ type: "pull", reference, progress: each });
      return configOf(await pullImage(this.#parts, reference, { platform: asked, auth, signal, progress: report }));
    } catch (error) {
      // It has come, and is of the one platform that there is: a build takes it.
      const came = isCaissonError(error, "IMAGE_PLATFORM_MISSING") ? await this.#inspect(reference) : undefined;
      if (!came || came.id === before?.id) throw error;
      return configOf(came);
    } finally {
      if (before && !reference.includes("@") && (await inspect(reference)).id !== before.id) await tag(before.id, reference);
    }
  }
}

function configOf({ platform, config, layers }: ImageInspect): OciImageConfig {
  const { os, architecture, variant } = parsePlatform(platform);
  return {
    ...{ os, architecture, config: toOci(config), rootfs: { type: "layers", diff_ids: layers } },
    ...(variant === undefined ? {} : { variant }),
  };
}
