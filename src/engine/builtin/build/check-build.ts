/** A Dockerfile checked without building anything: every stage of it, or the target with what it stands on. */

import type { Stage } from "../../dockerfile/parse-dockerfile.js";
import { baseOf, findTarget } from "../../dockerfile/stage-graph.js";
import type { BuildCheck, BuildContext, BuildOptions, BuildWarning } from "../../engine.js";
import { CaissonError, isCaissonError } from "../../errors.js";
import { type OciImageConfig, parseOciConfig } from "../../oci/image-config.js";
import { formatPlatform } from "../../oci/platform.js";
import { imageReference, placed } from "./base-images.js";
import type { BuildContextFacts } from "./build-context.js";
import { BuildProgress } from "./build-progress.js";
import { gatherFacts } from "./gather-facts.js";
import { checkOptionsOf, violationOf } from "./lint/build-lint.js";
import type { CheckOptions } from "./lint/check-options.js";
import { type Lint, lintDockerfile, lintText } from "./lint/lint-dockerfile.js";
import { type BuilderParts, openBuild } from "./open-build.js";

/** @throws OPTION_INVALID, PATH_NOT_FOUND, LAYER_INVALID, ABORTED: what is not about the Dockerfile */
export function checkBuild(parts: BuilderParts, context: BuildContext, options: BuildOptions): Promise<BuildCheck> {
  return openBuild(parts, context, options, async (build) => {
    const { dockerfile, error } = build.parsed;
    const progress = new BuildProgress(options.progress);
    const told = (warnings: readonly BuildWarning[], problem: unknown): BuildCheck => {
      for (const warning of warnings) progress.warn(warning);
      return { warnings, error: problem as Error | undefined };
    };
    try {
      const checks = checkOptionsOf(build.parsed, options);
      if (error !== undefined) return told(lintText(dockerfile, checks), error);
      const { facts } = gatherFacts(parts, build, dockerfile, options, progress);
      const target = options.target === undefined ? undefined : findTarget(dockerfile, options.target);
      const { warnings, error: problem } = await lintWithImages(facts, checks, target);
      return told(warnings, problem ?? violationOf(checks, warnings));
    } catch (problem) {
      if (isCaissonError(problem, "DOCKERFILE_INVALID")) return told([], problem);
      throw problem;
    }
  });
}

/** Looks at the images that are here; asks a registry, for the configuration alone, where a check depends on one that is not. */
async function lintWithImages(facts: BuildContextFacts, checks: CheckOptions, target: Stage | undefined): Promise<Lint> {
  const known = new Map<number, OciImageConfig>();
  const soughtHere = new Set<number>();
  const soughtThere = new Set<number>();
  let unavailable: unknown;
  const look = async (stages: readonly Stage[], sought: Set<number>, find: typeof localConfig): Promise<void> => {
    const found = await Promise.all(
      stages.map(async (stage) => {
        sought.add(stage.index);
        return find(facts, stage).catch((error: unknown) => {
          if (!(error instanceof CaissonError) || error.code === "ABORTED") throw error;
          unavailable ??= placed(error, facts.dockerfile.file, stage.from);
          return undefined;
        });
      }),
    );
    for (const [at, config] of found.entries()) if (config) known.set(stages[at]!.index, config);
  };
  for (;;) {
    const lint = lintDockerfile(facts, checks, target, known);
    const here = lint.images.filter(({ index }) => !soughtHere.has(index));
    const there = lint.missed.filter(({ index }) => !soughtThere.has(index));
    if (here.length > 0) await look(here, soughtHere, localConfig);
    else if (there.length > 0) await look(there, soughtThere, remoteConfig);
    else return { ...lint, error: lint.error ?? unavailable };
  }
}

async function localConfig(facts: BuildContextFacts, stage: Stage): Promise<OciImageConfig | undefined> {
  const { images } = facts;
  const { reference, platform } = await imageOf(facts, stage);
  try {
    const { inspect } = await images.resolve(reference, platform);
    return parseOciConfig(await images.content.get(inspect.id), inspect.id);
  } catch (error) {
    if (isCaissonError(error, "IMAGE_NOT_FOUND")) return undefined;
    // InvalidBaseImagePlatform depends on what the registry has for this platform.
    if (isCaissonError(error, "IMAGE_PLATFORM_MISSING")) return remoteConfig(facts, stage);
    throw error;
  }
}

async function remoteConfig(facts: BuildContextFacts, stage: Stage): Promise<OciImageConfig | undefined> {
  const { reference, platform } = await imageOf(facts, stage);
  return facts.images.remoteConfig(reference, { platform, signal: facts.signal });
}

async function imageOf(facts: BuildContextFacts, stage: Stage): Promise<{ reference: string; platform: string }> {
  const { source, platform = formatPlatform(facts.target) } = baseOf(facts, stage);
  return { reference: (await imageReference(facts, source))!, platform };
}
