/** Which stages a build needs, and what each stands on. Pure. */

import { parsePlatform } from "../oci/platform.js";
import { dockerfileError } from "./dockerfile-error.js";
import { Expander } from "./expand-instruction.js";
import type { Instruction, InstructionOf } from "./instructions.js";
import type { Dockerfile, Stage } from "./parse-dockerfile.js";

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
function findStage(stages: readonly Stage[], name: string, before: number): Stage | undefined {
  const earlier = stages.slice(0, before);
  if (/^\d+$/.test(name)) return earlier[Number(name)];
  const wanted = name.toLowerCase();
  return earlier.filter(({ from }) => from.name === wanted).at(-1);
}

/** What names in a Dockerfile may stand for. */
export interface Surroundings {
  readonly dockerfile: Dockerfile;
  /** Values of ARG before the first FROM, by name. */
  readonly globalArgs: ReadonlyMap<string, string>;
  /** Further contexts, by name. */
  readonly contexts: ReadonlyMap<string, unknown>;
  /** Names of those that are images. */
  readonly imageContexts: ReadonlySet<string>;
}

export function contextNames({ contexts }: Surroundings): string[] {
  return [...contexts.keys()];
}

export interface Base {
  readonly source: Source;
  /** As FROM asks for it. */
  readonly platform: string | undefined;
}

/** What FROM names. @throws DOCKERFILE_INVALID */
export function baseOf(surroundings: Surroundings, { from, index }: Stage): Base {
  const { dockerfile, globalArgs } = surroundings;
  const at = { file: dockerfile.file, line: from.line };
  const details = { source: from.original };
  const expander = new Expander(dockerfile, from, (name) => globalArgs.get(name));
  const image = expander.word(from.image);
  if (image === "") throw dockerfileError(at, `base name (${from.image}) should not be blank`, details);
  const platform = expander.optional(from.platform);
  if (platform === "") throw dockerfileError(at, `empty platform value from expression ${from.platform}`, details);
  try {
    if (platform !== undefined) parsePlatform(platform);
  } catch (cause) {
    throw dockerfileError(at, `failed to parse platform ${from.platform}: ${platform}`, {
      ...details,
      expected: "OS/ARCH[/VARIANT]",
      cause,
    });
  }
  const contexts = contextNames(surroundings);
  const earlier = /^\d+$/.test(image) ? undefined : findStage(dockerfile.stages, image, index);
  const source = ((): Source => {
    if (from.name !== undefined && contexts.includes(from.name)) return { kind: "context", name: from.name };
    if (earlier) return { kind: "stage", index: earlier.index };
    if (contexts.includes(image)) return { kind: "context", name: image };
    return image === "scratch" ? { kind: "scratch" } : { kind: "image", reference: image };
  })();
  return { source, platform };
}

/** The target and what it stands on, as far as names tell. */
export function neededStages({ dockerfile, globalArgs }: Surroundings, target: number): Set<number> {
  const needed = new Set<number>();
  const visit = (index: number): void => {
    if (needed.has(index)) return;
    needed.add(index);
    const stage = dockerfile.stages[index]!;
    const base = new Expander(dockerfile, stage.from, (name) => globalArgs.get(name)).word(stage.from.image);
    const names = [base, ...stage.instructions.flatMap(sourcesOf)];
    for (const name of names) {
      const found = findStage(dockerfile.stages, name, index);
      if (found) visit(found.index);
    }
  };
  visit(target);
  return needed;
}

function sourcesOf(instruction: Instruction): string[] {
  if (instruction.keyword === "COPY") return instruction.from === undefined ? [] : [instruction.from];
  if (instruction.keyword !== "RUN") return [];
  return instruction.mounts.flatMap((mount) => /(?:^|,)from=([^,]+)/.exec(mount)?.[1] ?? []);
}

/** What `--from` names. @throws DOCKERFILE_INVALID for a stage that comes later, or a number that is none */
export function sourceOf(
  surroundings: Surroundings,
  stage: Stage,
  instruction: InstructionOf<"COPY" | "ADD"> | InstructionOf<"RUN">,
  from: string,
): Source {
  const { dockerfile } = surroundings;
  const contexts = contextNames(surroundings);
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
