/** Steps as BuildKit names them: `[builder 2/5] RUN make`. */
import { withoutCredentials } from "../build-context/url-credentials.js";
import type { Dockerfile, Stage } from "./parse-dockerfile.js";

/** Of instructions that make layers. */
export const WITH_STEP: readonly string[] = ["RUN", "COPY", "ADD", "WORKDIR"];

/** How many steps a stage on an image has; on anything else one less. */
export function stepsOf({ instructions }: Stage): number {
  return 1 + instructions.filter(({ keyword }) => WITH_STEP.includes(keyword)).length;
}

export function stepName({ stages }: Dockerfile, { from, index }: Stage, step: number, total: number, text: string): string {
  const name = stages.length === 1 ? "" : `${from.name ?? `stage-${index}`} `;
  return `[${name}${step}/${Math.max(total, step)}] ${withoutCredentials(text)}`;
}
