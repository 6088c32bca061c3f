/** A check of a Dockerfile: made here, by what the daemon knows of images. No builder is asked. */
import { imageContextNames } from "../../../build-context/image-contexts.js";
import type { ReadDockerfile } from "../../../build-context/local-context.js";
import { validateBuildOptions } from "../../../build-context/validate-options.js";
import { globalArguments } from "../../../dockerfile/global-arguments.js";
import { checkDockerfile } from "../../../dockerfile/lint/check-dockerfile.js";
import type { LintFacts } from "../../../dockerfile/lint/lint-facts.js";
import { type Dockerfile, parseUpToError } from "../../../dockerfile/parse-dockerfile.js";
import { platformArgs } from "../../../dockerfile/platform-args.js";
import type { BuildCheck, BuildContext, BuildOptions } from "../../../engine.js";
import { abortError, throwIfAborted } from "../../../errors.js";
import { type Platform, parsePlatform } from "../../../oci/platform.js";
import { BuildReport } from "../build-report.js";
import { DaemonImages, type DaemonImagesParts } from "./daemon-images.js";
import { openDockerfile } from "./open-dockerfile.js";

export interface CheckBuildParts extends DaemonImagesParts {
  /** Of the daemon's host. */
  readonly platform: string;
}

/** @throws OPTION_INVALID, PATH_NOT_FOUND, LAYER_INVALID, DISK_FULL, ABORTED: what is not about the Dockerfile */
export async function checkBuild(parts: CheckBuildParts, context: BuildContext, options: BuildOptions): Promise<BuildCheck> {
  validateBuildOptions(context, options);
  throwIfAborted("build", options.signal);
  const report = new BuildReport(options.progress);
  try {
    const read = await openDockerfile(context, options, parts.environment);
    return await checkDockerfile(parseUpToError(read.file, read.text), options, {
      facts: (dockerfile) => factsOf(dockerfile, read, options, parsePlatform(parts.platform)),
      images: ({ target }) => new DaemonImages(parts, options, target),
      warn: (warning) => report.warn(warning),
    });
  } catch (error) {
    if (options.signal?.aborted) throw abortError("build", options.signal);
    throw error;
  }
}

function factsOf(dockerfile: Dockerfile, { ignore }: ReadDockerfile, options: BuildOptions, host: Platform): LintFacts {
  const { buildArgs = {}, contexts = {}, platform } = options;
  const target = platform === undefined ? host : parsePlatform(platform);
  const platforms = platformArgs(host, target);
  return {
    ...{ dockerfile, buildArgs, target, ignore, platformArgs: platforms },
    globalArgs: globalArguments(dockerfile, platforms, buildArgs),
    contexts: new Map(Object.entries(contexts)),
    imageContexts: imageContextNames(contexts),
  };
}
