/** All checks of a Dockerfile, as far as it can be understood, and as warnings. Pure. */

import type { BuildWarning } from "../../engine.js";
import type { OciImageConfig } from "../../oci/image-config.js";
import type { Dockerfile, Stage } from "../parse-dockerfile.js";
import { type CheckOptions, isWanted } from "./check-options.js";
import { checkText } from "./check-text.js";
import { type Evaluation, evaluateStages } from "./evaluate-stages.js";
import type { Finding } from "./finding.js";
import { checkDefaultImages, checkFromArguments } from "./from-arguments.js";
import { checkInstructionCasing } from "./instruction-casing.js";
import type { LintFacts } from "./lint-facts.js";
import { RULES, ruleUrl } from "./rules.js";
import { checkStageNames } from "./stage-names.js";

export interface Lint extends Omit<Evaluation, "findings"> {
  readonly warnings: readonly BuildWarning[];
}

/** Of a Dockerfile with a mistake: what stands before it. */
export function lintText(dockerfile: Dockerfile, options: CheckOptions): BuildWarning[] {
  return warningsOf(dockerfile, options, checkText(dockerfile));
}

/** @param target undefined: every stage. @param known configurations of images, by the numbers of the stages that stand on them */
export function lintDockerfile(
  facts: LintFacts,
  options: CheckOptions,
  target: Stage | undefined,
  known: ReadonlyMap<number, OciImageConfig>,
): Lint {
  const { dockerfile } = facts;
  const { findings, ...evaluation } = evaluateStages(facts, target, known);
  const all = [
    ...checkText(dockerfile),
    ...checkStageNames(dockerfile.stages),
    ...checkInstructionCasing(dockerfile.stages),
    ...checkDefaultImages(facts),
    ...checkFromArguments(facts),
    ...findings,
  ];
  return { ...evaluation, warnings: warningsOf(dockerfile, options, all) };
}

function warningsOf(dockerfile: Dockerfile, options: CheckOptions, findings: readonly Finding[]): BuildWarning[] {
  return findings
    .filter((finding) => isWanted(options, finding))
    .map(({ rule, message, line, endLine }) => ({
      rule,
      message,
      description: RULES[rule].description,
      url: ruleUrl(rule),
      file: dockerfile.file,
      line,
      endLine,
      excerpt: excerptOf(dockerfile.source, line, endLine),
    }));
}

/** Two lines around several, four around one, as BuildKit's; more on the other side where one side has none. */
function excerptOf(source: readonly string[], line: number, endLine: number): BuildWarning["excerpt"] {
  const padding = line === endLine ? 4 : 2;
  let [first, last] = [line, Math.min(endLine, source.length)];
  for (let added = 0; added < padding; added++) {
    if (first > 1) {
      first--;
      added++;
    }
    if (last < source.length) {
      last++;
      added++;
    }
  }
  return { firstLine: first, lines: source.slice(first - 1, last) };
}
