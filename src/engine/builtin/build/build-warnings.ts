/** What the checks find in a Dockerfile that is being built. */

import type { CheckOptions } from "../../dockerfile/lint/check-options.js";
import { type Lint, lintDockerfile, lintText } from "../../dockerfile/lint/lint-dockerfile.js";
import type { ParsedDockerfile, Stage } from "../../dockerfile/parse-dockerfile.js";
import type { BuildWarning } from "../../engine.js";
import type { OciImageConfig } from "../../oci/image-config.js";
import type { BuildContextFacts } from "./build-context.js";
import type { BuildProgress } from "./build-progress.js";

/** Tells the warnings, in the order of their lines. Does not throw: what is wrong with an image fails the stage that stands on it. */
export async function warnOf(
  facts: BuildContextFacts,
  options: CheckOptions,
  target: Stage,
  progress: BuildProgress,
): Promise<readonly BuildWarning[]> {
  const { warnings } = await lintWithImages(facts, options, target);
  for (const warning of warnings) progress.warn(warning);
  return warnings;
}

/** A mistake ends the build at once; what stands before it is told all the same. */
export function warnOfText({ dockerfile }: ParsedDockerfile, options: CheckOptions, progress: BuildProgress): void {
  for (const warning of lintText(dockerfile, options)) progress.warn(warning);
}

/** Every image that stages stand on is needed anyhow; triggers may bring further ones. */
async function lintWithImages(facts: BuildContextFacts, options: CheckOptions, target: Stage): Promise<Lint> {
  const known = new Map<number, OciImageConfig>();
  const asked = new Set<number>();
  for (;;) {
    const lint = lintDockerfile(facts, options, target, known);
    const wanted = lint.images.filter(({ index }) => !asked.has(index));
    if (wanted.length === 0) return lint;
    for (const { index } of wanted) asked.add(index);
    const found = await Promise.allSettled(wanted.map((stage) => facts.bases.of(stage)));
    for (const [at, each] of found.entries()) if (each.status === "fulfilled") known.set(wanted[at]!.index, each.value);
  }
}
