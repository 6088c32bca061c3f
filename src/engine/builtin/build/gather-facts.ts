/** Looks up, once, what all stages of a build share. */

import { globalArguments } from "../../dockerfile/global-arguments.js";
import type { Dockerfile } from "../../dockerfile/parse-dockerfile.js";
import { platformArgs } from "../../dockerfile/platform-args.js";
import type { BuildOptions } from "../../engine.js";
import { optionError } from "../../errors.js";
import { hostPlatform, parsePlatform } from "../../oci/platform.js";
import { BaseImages } from "./base-images.js";
import type { BuildContextFacts } from "./build-context.js";
import type { BuildProgress } from "./build-progress.js";
import type { BuilderParts, OpenBuild } from "./open-build.js";

export interface GatheredFacts {
  readonly facts: BuildContextFacts;
  /** Keeps what was learnt about the contexts' files. */
  readonly save: () => Promise<void>;
}

/** @throws DOCKERFILE_INVALID, OPTION_INVALID, PATH_NOT_FOUND */
export function gatherFacts(
  { images, cache, session }: BuilderParts,
  { opened, named, openWorkspace, signal }: OpenBuild,
  dockerfile: Dockerfile,
  options: BuildOptions,
  progress: BuildProgress,
): GatheredFacts {
  const target = parsePlatform(options.platform ?? hostPlatform());
  const platform = platformArgs(parsePlatform(hostPlatform()), target);
  const buildArgs = options.buildArgs ?? {};
  const epoch = options.sourceDateEpoch ?? epochArgument(buildArgs["SOURCE_DATE_EPOCH"]);
  const facts = {
    ...{ dockerfile, options, images, cache, session, signal, target, epoch, progress, buildArgs },
    platformArgs: platform,
    globalArgs: globalArguments(dockerfile, platform, buildArgs),
    files: opened.files,
    contexts: named.byName,
    imageContexts: named.images,
    ignore: opened.ignore,
    workspace: () => openWorkspace(epoch),
    directory: opened.directory,
  };
  const save = async (): Promise<void> => {
    await Promise.all([opened.digests.save(), named.save()]);
  };
  return { facts: { ...facts, bases: new BaseImages(facts) }, save };
}

function epochArgument(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^\d+$/.test(text)) throw optionError("buildArgs.SOURCE_DATE_EPOCH", text, "seconds since 1970");
  return Number(text);
}
