/** Which instruction of the Dockerfile a builder means by the step that it names. Pure. */
import type { Instruction } from "../../dockerfile/instructions.js";
import type { Dockerfile, Stage } from "../../dockerfile/parse-dockerfile.js";
import { WITH_STEP } from "../../dockerfile/step-names.js";

/** BuildKit's names: `[builder 2/5] RUN make`, with a platform before the stage where there are several. */
export function instructionOfVertex({ stages }: Dockerfile, name: string): Instruction | undefined {
  const [, words = "", step = "", total = "", text = ""] = /^\[(?:([^\]]*) )?(\d+)\/(\d+)\] (.*)$/s.exec(name) ?? [];
  if (text === "") return undefined;
  const stageName = words.split(" ").at(-1) ?? "";
  const stage = stages.length === 1 ? stages[0] : stages.find(({ from, index }) => (from.name ?? `stage-${index}`) === stageName);
  return stage && stepOf(stage, Number(step), Number(total), text);
}

/** A stage on an image counts its FROM; triggers of the image come after it, and stand for it. */
function stepOf(stage: Stage, step: number, total: number, text: string): Instruction | undefined {
  const counted = stage.instructions.filter(({ keyword }) => WITH_STEP.includes(keyword));
  const keyword = /^\S+/.exec(text)?.[0].toUpperCase();
  if (keyword === "FROM") return stage.from;
  // From the end: what is more than there is was triggered, and comes first.
  const found = counted[counted.length - 1 - (total - step)];
  if (found?.keyword === keyword) return found;
  return counted.find(({ original }) => original === text) ?? stage.from;
}

/** Docker's classic builder numbers every instruction up to the target, labels from outside after it. */
export function instructionsInOrder({ globalArgs, stages }: Dockerfile, target: number): readonly Instruction[] {
  return [...globalArgs, ...stages.slice(0, target + 1).flatMap(({ from, instructions }) => [from, ...instructions])];
}

/** The stage that an instruction stands in, and its number among those that have steps. */
export function placeOfInstruction(
  { stages }: Dockerfile,
  instruction: Instruction,
): { readonly stage: Stage; readonly step: number } | undefined {
  const stage = stages.find(({ from, instructions }) => from === instruction || instructions.includes(instruction));
  if (!stage) return undefined;
  if (stage.from === instruction) return { stage, step: 1 };
  const counted = stage.instructions.filter(({ keyword }) => WITH_STEP.includes(keyword));
  const at = counted.indexOf(instruction);
  return at === -1 ? undefined : { stage, step: at + 2 };
}
