/** `Image`: images as objects. A small face over the engine's images. */
import type { BuildCheck, BuildContext, BuildOptions, BuildWarning, Engine, ImageInspect } from "../engine/engine.js";
import { defaultEngine } from "../engine/open.js";

export interface ImageBuildOptions extends BuildOptions {
  /** @default the one that everything in this process shares */
  readonly engine?: Engine | undefined;
}

export class Image {
  readonly #engine: Engine;
  /** What the engine knows of it. */
  readonly inspect: ImageInspect;
  /** What BuildKit's checks found in its Dockerfile. */
  readonly warnings: readonly BuildWarning[];

  private constructor(engine: Engine, inspect: ImageInspect, warnings: readonly BuildWarning[]) {
    this.#engine = engine;
    this.inspect = inspect;
    this.warnings = warnings;
  }

  /**
   * Builds an image from a Dockerfile; steps that nothing has changed come from the cache.
   * @param context a directory, a git URL, or a tar
   * @throws DOCKERFILE_INVALID, BUILD_FAILED, IMAGE_NOT_FOUND, PATH_NOT_FOUND, REGISTRY_*, DISK_FULL, ABORTED
   */
  static async build(context: BuildContext, options: ImageBuildOptions = {}): Promise<Image> {
    const { engine: own, ...build } = options;
    const engine = own ?? (await defaultEngine());
    const { image, warnings } = await engine.images.build(context, build);
    return new Image(engine, image, warnings);
  }

  /**
   * Checks a Dockerfile without building anything, as `docker build --check`: every stage, or what `target` needs.
   * @throws PATH_NOT_FOUND, OPTION_INVALID, LAYER_INVALID, ABORTED; a Dockerfile that can't be built is part of the result
   */
  static async check(context: BuildContext, options: ImageBuildOptions = {}): Promise<BuildCheck> {
    const { engine = await defaultEngine(), ...build } = options;
    return engine.images.checkBuild(context, build);
  }

  /** `sha256:` and the digest of its configuration: `new Container(image.id)` starts it. */
  get id(): string {
    return this.inspect.id;
  }

  /** Its names. */
  get references(): readonly string[] {
    return this.inspect.references;
  }

  /** Removes all of its names, and the image. @throws IMAGE_IN_USE */
  async remove(options: { readonly force?: boolean } = {}): Promise<void> {
    await this.#engine.images.remove(this.id, options);
  }
}
