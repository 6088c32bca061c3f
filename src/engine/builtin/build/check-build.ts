/** A check of a Dockerfile: of images that are not here it asks their registries, for the configuration alone. */

import { givenCredentials } from "../../docker-config/given-credentials.js";
import { checkDockerfile, type ImageLookup } from "../../dockerfile/lint/check-dockerfile.js";
import type { Base } from "../../dockerfile/stage-graph.js";
import type { BuildCheck, BuildContext, BuildOptions } from "../../engine.js";
import { isCaissonError } from "../../errors.js";
import { type OciImageConfig, parseOciConfig } from "../../oci/image-config.js";
import { formatPlatform } from "../../oci/platform.js";
import { imageReference } from "./base-images.js";
import type { BuildContextFacts } from "./build-context.js";
import { BuildProgress } from "./build-progress.js";
import { gatherFacts } from "./gather-facts.js";
import { type BuilderParts, openBuild } from "./open-build.js";

/** @throws OPTION_INVALID, PATH_NOT_FOUND, LAYER_INVALID, ABORTED: what is not about the Dockerfile */
export function checkBuild(parts: BuilderParts, context: BuildContext, options: BuildOptions): Promise<BuildCheck> {
  return openBuild(parts, context, options, async (build) => {
    const progress = new BuildProgress(options.progress);
    return checkDockerfile(build.parsed, options, {
      facts: (dockerfile) => gatherFacts(parts, build, dockerfile, options, progress).facts,
      images: imagesOf,
      warn: (warning) => progress.warn(warning),
    });
  });
}

function imagesOf(facts: BuildContextFacts): ImageLookup {
  return { here: (base) => localConfig(facts, base), elsewhere: (base) => remoteConfig(facts, base) };
}

async function localConfig(facts: BuildContextFacts, base: Base): Promise<OciImageConfig | undefined> {
  const { images } = facts;
  const { reference, platform } = await imageOf(facts, base);
  try {
    const { inspect } = await images.resolve(reference, platform);
    return parseOciConfig(await images.content.get(inspect.id), inspect.id);
  } catch (error) {
    if (isCaissonError(error, "IMAGE_NOT_FOUND")) return undefined;
    // InvalidBaseImagePlatform depends on what the registry has for this platform.
    if (isCaissonError(error, "IMAGE_PLATFORM_MISSING")) return remoteConfig(facts, base);
    throw error;
  }
}

async function remoteConfig(facts: BuildContextFacts, base: Base): Promise<OciImageConfig> {
  const { images, options, signal } = facts;
  const { reference, platform } = await imageOf(facts, base);
  return images.remoteConfig(reference, { platform, signal, auth: givenCredentials(reference, options) });
}

async function imageOf(facts: BuildContextFacts, base: Base): Promise<{ reference: string; platform: string }> {
  const { source, platform = formatPlatform(facts.target) } = base;
  return { reference: (await imageReference(facts, source))!, platform };
}
