/** A Dockerfile checked without building anything: every stage of it, or the target with what it stands on. What images are like, engines know. */

import type { BuildCheck, BuildOptions, BuildWarning } from "../../engine.js";
import { CaissonError, isCaissonError } from "../../errors.js";
import type { OciImageConfig } from "../../oci/image-config.js";
import type { Dockerfile, ParsedDockerfile, Stage } from "../parse-dockerfile.js";
import { placed } from "../placed-error.js";
import { type Base, baseOf, findTarget } from "../stage-graph.js";
import { checkOptionsOf, violationOf } from "./build-lint.js";
import type { CheckOptions } from "./check-options.js";
import { type Lint, lintDockerfile, lintText } from "./lint-dockerfile.js";
import type { LintFacts } from "./lint-facts.js";

/** An engine's images, by what FROM names: of the kind `image`, or of a context that is one. Both fail as builds do. */
export interface ImageLookup {
  /** Undefined where a build would have to get it first. */
  here(base: Base): Promise<OciImageConfig | undefined>;
  /** Asked for only where a check depends on it. */
  elsewhere(base: Base): Promise<OciImageConfig>;
}

export interface CheckParts<Facts extends LintFacts> {
  /** May fail with DOCKERFILE_INVALID. */
  readonly facts: (dockerfile: Dockerfile) => Facts;
  readonly images: (facts: Facts) => ImageLookup;
  readonly warn: (warning: BuildWarning) => void;
}

/** @throws OPTION_INVALID, ABORTED, and whatever is no CaissonError: what is not about the Dockerfile */
export async function checkDockerfile<Facts extends LintFacts>(
  parsed: ParsedDockerfile,
  options: BuildOptions,
  parts: CheckParts<Facts>,
): Promise<BuildCheck> {
  const { dockerfile, error } = parsed;
  const told = (warnings: readonly BuildWarning[], problem: unknown): BuildCheck => {
    for (const warning of warnings) parts.warn(warning);
    return { warnings, error: problem as Error | undefined };
  };
  try {
    const checks = checkOptionsOf(parsed, options);
    if (error !== undefined) return told(lintText(dockerfile, checks), error);
    const facts = parts.facts(dockerfile);
    const target = options.target === undefined ? undefined : findTarget(dockerfile, options.target);
    const { warnings, error: problem } = await lintWithImages(facts, checks, target, parts.images(facts));
    return told(warnings, problem ?? violationOf(checks, warnings));
  } catch (problem) {
    if (isCaissonError(problem, "DOCKERFILE_INVALID")) return told([], problem);
    throw problem;
  }
}

/** Looks at the images that are here; gets one that is not where a check depends on it. */
async function lintWithImages(facts: LintFacts, checks: CheckOptions, target: Stage | undefined, images: ImageLookup): Promise<Lint> {
  const known = new Map<number, OciImageConfig>();
  const soughtHere = new Set<number>();
  const soughtThere = new Set<number>();
  let unavailable: unknown;
  const look = async (stages: readonly Stage[], sought: Set<number>, find: ImageLookup["here"]): Promise<void> => {
    const found = await Promise.all(
      stages.map(async (stage) => {
        sought.add(stage.index);
        return find(baseOf(facts, stage)).catch((error: unknown) => {
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
    if (here.length > 0) await look(here, soughtHere, (base) => images.here(base));
    else if (there.length > 0) await look(there, soughtThere, (base) => images.elsewhere(base));
    else return { ...lint, error: lint.error ?? unavailable };
  }
}
