/** `Container.fromDockerfile(...)`: what to build, said fluently, then the container of what was built. */
import type { BuildContext, BuildEvent, BuildOptions, BuildSecret, Engine } from "../engine/engine.js";
import { Image } from "../image/image.js";
import type { ImagePullPolicy } from "./container-options.js";

export interface BuiltImageOptions {
  readonly signal?: AbortSignal | undefined;
}

export class DockerfileBuilder<C> {
  readonly #context: BuildContext;
  #engine: Engine | undefined;
  readonly #container: (image: string, engine: Engine | undefined) => C;
  #options: BuildOptions;

  /** @param container makes the container of an image, on the engine that has it */
  constructor(
    context: BuildContext,
    options: BuildOptions,
    engine: Engine | undefined,
    container: (image: string, engine: Engine | undefined) => C,
  ) {
    this.#context = context;
    this.#options = options;
    this.#engine = engine;
    this.#container = container;
  }

  /** Where it is built, and then runs. @default the engine that everything in this process shares */
  withEngine(engine: Engine): this {
    this.#engine = engine;
    return this;
  }

  withBuildArgs(buildArgs: Readonly<Record<string, string>>): this {
    return this.#with({ buildArgs: { ...this.#options.buildArgs, ...buildArgs } });
  }

  /** Stage to build. */
  withTarget(target: string): this {
    return this.#with({ target });
  }

  /** Whether earlier builds may help. @default true */
  withCache(cache: boolean): this {
    return this.#with({ noCache: !cache });
  }

  /** `os/arch[/variant]` */
  withPlatform(platform: string): this {
    return this.#with({ platform });
  }

  /** By id, for `RUN --mount=type=secret`. */
  withSecrets(secrets: Readonly<Record<string, BuildSecret>>): this {
    return this.#with({ secrets: { ...this.#options.secrets, ...secrets } });
  }

  withLabels(labels: Readonly<Record<string, string>>): this {
    return this.#with({ labels: { ...this.#options.labels, ...labels } });
  }

  /** Of base images. */
  withPullPolicy(policy: ImagePullPolicy): this {
    return this.#with({ pull: policy.shouldPull() });
  }

  /** Of RUN steps. @default "host" */
  withNetworkMode(network: NonNullable<BuildOptions["network"]>): this {
    return this.#with({ network });
  }

  /** Everything else that a build can be told; replaces what was said before under the same names. */
  withBuildOptions(options: Omit<BuildOptions, "progress" | "signal" | "tags">): this {
    return this.#with(options);
  }

  /** Told of every step as it begins, prints and ends. */
  withProgress(progress: (event: BuildEvent) => void): this {
    const { progress: others } = this.#options;
    return this.#with({
      progress: (event) => {
        others?.(event);
        progress(event);
      },
    });
  }

  /** Told of every line that RUN steps print. */
  withBuildLogConsumer(consumer: (line: string) => void): this {
    return this.withProgress((event) => {
      if (event.type === "output") for (const line of event.text.replace(/\n$/, "").split("\n")) consumer(line);
    });
  }

  /**
   * Builds the image. @param name of it; without one it is reachable by its id alone
   * @throws DOCKERFILE_INVALID, BUILD_FAILED, IMAGE_NOT_FOUND, PATH_NOT_FOUND, ABORTED
   */
  async build(name?: string, { signal }: BuiltImageOptions = {}): Promise<C> {
    const tags = name === undefined ? [] : [name];
    const image = await Image.build(this.#context, { ...this.#options, tags, signal, engine: this.#engine });
    return this.#container(name ?? image.id, this.#engine);
  }

  #with(change: Partial<BuildOptions>): this {
    this.#options = { ...this.#options, ...change };
    return this;
  }
}
