/** Which stages a build needs, and what each stands on. Pure. */

import { dockerfileError } from "./dockerfile/dockerfile-error.js";
import type { InstructionOf } from "./dockerfile/instructions.js";
import type { Dockerfile, Stage } from "./dockerfile/parse-dockerfile.js";

/** Where files come from: an earlier stage, a context of that name, or an image. */
export type Source =
  | { readonly kind: "stage"; readonly index: number }
  | { readonly kind: "context"; readonly name: string }
  | { readonly kind: "image"; readonly reference: string }
  | { readonly kind: "scratch" };

/** The stage to build. @throws DOCKERFILE_INVALID for one that is not there */
export function findTarget({ file, stages }: Dockerfile, target: string | undefined): Stage {
  const last = stages.at(-1)!;
  if (target === undefined || target === "") return last;
  const found = findStage(stages, target, stages.length);
  if (found) return found;
  const names = stages.flatMap(({ from }) => from.name ?? []);
  throw dockerfileError({ file, line: last.from.line }, `target stage could not be found: ${target}`, { allowed: names });
}

/** By name, or by number; only those before `before`. */
export function findStage(stages: readonly Stage[], name: string, before: number): Stage | undefined {
  const earlier = stages.slice(0, before);
  if (/^\d+$/.test(name)) return earlier[Number(name)];
  const wanted = name.toLowerCase();
  return earlier.filter(({ from }) => from.name === wanted).at(-1);
}

/** What FROM names, expanded already. */
export function baseOf(dockerfile: Dockerfile, stage: Stage, image: string, contexts: readonly string[]): Source {
  if (stage.from.name !== undefined && contexts.includes(stage.from.name)) return { kind: "context", name: stage.from.name };
  const earlier = /^\d+$/.test(image) ? undefined : findStage(dockerfile.stages, image, stage.index);
  if (earlier) return { kind: "stage", index: earlier.index };
  if (contexts.includes(image)) return { kind: "context", name: image };
  if (image === "scratch") return { kind: "scratch" };
  return { kind: "image", reference: image };
}

/** What `--from` names. @throws DOCKERFILE_INVALID for a stage that comes later, or a number that is none */
export function sourceOf(
  dockerfile: Dockerfile,
  stage: Stage,
  instruction: InstructionOf<"COPY" | "ADD"> | InstructionOf<"RUN">,
  from: string,
  contexts: readonly string[],
): Source {
  const at = { file: dockerfile.file, line: instruction.line };
  const details = { source: instruction.original };
  const earlier = findStage(dockerfile.stages, from, stage.index);
  if (earlier) return { kind: "stage", index: earlier.index };
  if (/^\d+$/.test(from))
    throw dockerfileError(at, `invalid stage index ${from}`, { ...details, expected: `a number below ${stage.index}` });
  if (contexts.includes(from)) return { kind: "context", name: from };
  const later = findStage(dockerfile.stages, from, dockerfile.stages.length);
  if (later?.index === stage.index) throw dockerfileError(at, `circular dependency detected on stage: ${from}`, details);
  if (later) throw dockerfileError(at, `cannot copy from stage "${from}", it needs to be defined before the current stage`, details);
  if (from.includes("$"))
    throw dockerfileError(at, "variable expansion is not supported for --from", {
      ...details,
      expected: "a stage defined with FROM and an ARG from before it",
    });
  if (from === "scratch") return { kind: "scratch" };
  return { kind: "image", reference: from };
}
