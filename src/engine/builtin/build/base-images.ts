/** Images that a Dockerfile names, found here or pulled; what a stage stands on is found once, whoever asks first. */

import { givenCredentials } from "../../docker-config/given-credentials.js";
import { formatLocation } from "../../dockerfile/dockerfile-error.js";
import type { Instruction } from "../../dockerfile/instructions.js";
import type { Stage } from "../../dockerfile/parse-dockerfile.js";
import { placed } from "../../dockerfile/placed-error.js";
import { baseOf, type Source } from "../../dockerfile/stage-graph.js";
import { stepName, stepsOf } from "../../dockerfile/step-names.js";
import { isCaissonError } from "../../errors.js";
import { type OciImageConfig, parseOciConfig } from "../../oci/image-config.js";
import { formatPlatform } from "../../oci/platform.js";
import type { BuildContextFacts } from "./build-context.js";

type Facts = Omit<BuildContextFacts, "bases">;

export class BaseImages {
  readonly #facts: Facts;
  readonly #found = new Map<number, Promise<OciImageConfig>>();

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** Of a stage that stands on an image. @throws DOCKERFILE_INVALID, IMAGE_NOT_FOUND and the like, with the place of FROM */
  of(stage: Stage): Promise<OciImageConfig> {
    let found = this.#found.get(stage.index);
    if (!found) {
      found = this.#find(stage);
      this.#found.set(stage.index, found);
    }
    return found;
  }

  async #find(stage: Stage): Promise<OciImageConfig> {
    const { dockerfile, progress, images } = this.#facts;
    const { source, platform } = baseOf(this.#facts, stage);
    const reference = await imageReference(this.#facts, source);
    if (reference === undefined) throw new Error(`stage ${stage.index} stands on no image`);
    const name = stepName(dockerfile, stage, 1, stepsOf(stage), `FROM ${reference}`);
    const { id } = await progress.step(name, formatLocation({ file: dockerfile.file, line: stage.from.line }), () =>
      findImage(this.#facts, reference, platform, stage.from),
    );
    return parseOciConfig(await images.content.get(id), id);
  }
}

/** Of a source that is an image, by its own name or by that of a context. */
export async function imageReference({ contexts }: Pick<Facts, "contexts">, source: Source): Promise<string | undefined> {
  if (source.kind === "image") return source.reference;
  const context = source.kind === "context" ? await contexts.get(source.name)!() : undefined;
  return context && "image" in context ? context.image : undefined;
}

/** From the store, or pulled. @throws IMAGE_NOT_FOUND, with the place of who asked */
export async function findImage(
  { images, options, progress, signal, target, dockerfile }: Facts,
  reference: string,
  platform: string | undefined,
  at: Instruction,
): Promise<{ readonly id: string }> {
  const wanted = platform ?? options.platform;
  try {
    if (!options.pull) {
      const known = await images.resolve(reference, wanted ?? formatPlatform(target)).catch((error: unknown) => {
        if (isCaissonError(error, "IMAGE_NOT_FOUND") || isCaissonError(error, "IMAGE_PLATFORM_MISSING")) return undefined;
        throw error;
      });
      if (known) return known.inspect;
    }
    return await images.pull(reference, {
      platform: wanted,
      auth: givenCredentials(reference, options),
      signal,
      progress: progress.pull(reference),
    });
  } catch (error) {
    throw placed(error, dockerfile.file, at);
  }
}
