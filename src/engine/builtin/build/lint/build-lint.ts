/** The checks of one build: told as warnings while it runs, or its end where the Dockerfile wants that. */

import { dockerfileError } from "../../../dockerfile/dockerfile-error.js";
import type { ParsedDockerfile, Stage } from "../../../dockerfile/parse-dockerfile.js";
import type { BuildOptions, BuildWarning } from "../../../engine.js";
import { CaissonError, optionError } from "../../../errors.js";
import type { OciImageConfig } from "../../../oci/image-config.js";
import type { BuildContextFacts } from "../build-context.js";
import type { BuildProgress } from "../build-progress.js";
import { type CheckOptions, CheckOptionsInvalid, parseCheckOptions } from "./check-options.js";
import { type Lint, lintDockerfile, lintText } from "./lint-dockerfile.js";

const BUILD_ARGUMENT = "BUILDKIT_DOCKERFILE_CHECK";

/** The build argument's, instead of the directive's. @throws OPTION_INVALID, DOCKERFILE_INVALID */
export function checkOptionsOf({ dockerfile }: ParsedDockerfile, { buildArgs }: BuildOptions): CheckOptions {
  const given = buildArgs?.[BUILD_ARGUMENT];
  const { check } = dockerfile.directives;
  try {
    return parseCheckOptions(given ?? check?.text ?? "");
  } catch (error) {
    if (!(error instanceof CheckOptionsInvalid)) throw error;
    if (given !== undefined) throw optionError(`buildArgs.${BUILD_ARGUMENT}`, given, "skip=RULES;experimental=RULES;error=true");
    throw dockerfileError({ file: dockerfile.file, line: check!.line }, `failed to parse check options: ${error.message}`, {
      source: dockerfile.source[check!.line - 1],
      expected: "skip=RULES;experimental=RULES;error=true",
    });
  }
}

/** BUILD_CHECKS_FAILED where warnings are errors, and there are some. */
export function violationOf(options: CheckOptions, warnings: readonly BuildWarning[]): CaissonError<"BUILD_CHECKS_FAILED"> | undefined {
  const [first] = warnings;
  if (!options.error || !first) return undefined;
  const rules = [...new Set(warnings.map(({ rule }) => rule))].sort();
  return new CaissonError("BUILD_CHECKS_FAILED", `${first.file}: lint violation found for rules: ${rules.join(", ")}`, {
    facts: { file: first.file, rules, warnings },
    evidence: warnings.map(({ file, line, rule, message }) => `${file}:${line}: ${rule}: ${message}`),
    remedy: "Change what they name, or take error=true away from the check options.",
  });
}

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
