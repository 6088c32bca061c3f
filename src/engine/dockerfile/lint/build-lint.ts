/** The checks of one build: which it wants, and its end where what they find is an error. */

import type { BuildOptions, BuildWarning } from "../../engine.js";
import { CaissonError, optionError } from "../../errors.js";
import { dockerfileError } from "../dockerfile-error.js";
import type { ParsedDockerfile } from "../parse-dockerfile.js";
import { type CheckOptions, CheckOptionsInvalid, parseCheckOptions } from "./check-options.js";

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
