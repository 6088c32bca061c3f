/**
 * Goes through stages as a build would, without running anything, and checks each instruction with what is known where it stands.
 * Pure: images' configurations are given; where one isn't, what depends on it is not judged, and noted.
 */

import { fromOci, type OciImageConfig } from "../../oci/image-config.js";
import { parsePlatform } from "../../oci/platform.js";
import { parseReference } from "../../oci/reference.js";
import { emptyImage, fromImage, fromStage } from "../image-state.js";
import { parseTrigger, type Stage } from "../parse-dockerfile.js";
import { placed } from "../placed-error.js";
import { type Base, baseOf, neededStages } from "../stage-graph.js";
import { checkBasePlatform } from "./base-platform.js";
import { type CheckedStage, checkInstruction } from "./check-instruction.js";
import type { Finding } from "./finding.js";
import type { LintFacts } from "./lint-facts.js";

export interface Evaluation {
  readonly findings: readonly Finding[];
  /** The stages that stand on images. */
  readonly images: readonly Stage[];
  /** Those of them whose image something depends on that isn't known. */
  readonly missed: readonly Stage[];
  /** What keeps the Dockerfile from being built; nothing after it was looked at. */
  readonly error?: unknown;
}

/** @param target with what it stands on; undefined: every stage. @param known configurations of images, by their stages' numbers */
export function evaluateStages(facts: LintFacts, target: Stage | undefined, known: ReadonlyMap<number, OciImageConfig>): Evaluation {
  const evaluator = new Evaluator(facts, known);
  const { stages } = facts.dockerfile;
  try {
    const needed = target && neededStages(facts, target.index);
    for (const stage of stages) if (!needed || needed.has(stage.index)) evaluator.stage(stage);
    return evaluator.result();
  } catch (error) {
    return { ...evaluator.result(), error };
  }
}

class Evaluator {
  readonly #facts: LintFacts;
  readonly #known: ReadonlyMap<number, OciImageConfig>;
  readonly #stages = new Map<number, CheckedStage>();
  readonly #findings: Finding[] = [];
  readonly #images = new Set<number>();
  readonly #missed = new Set<number>();

  constructor(facts: LintFacts, known: ReadonlyMap<number, OciImageConfig>) {
    this.#facts = facts;
    this.#known = known;
  }

  result(): Evaluation {
    const chosen = (indexes: ReadonlySet<number>) => this.#facts.dockerfile.stages.filter(({ index }) => indexes.has(index));
    return { findings: this.#findings, images: chosen(this.#images), missed: chosen(this.#missed) };
  }

  /** Once each. */
  stage(stage: Stage): CheckedStage {
    const before = this.#stages.get(stage.index);
    if (before) return before;
    const { stage: checked, triggers } = this.#begin(stage);
    this.#stages.set(stage.index, checked);
    const instructions = triggers.map((trigger) => parseTrigger(this.#facts.dockerfile.file, trigger, stage.from));
    const listener = {
      found: (findings: readonly Finding[]) => void this.#findings.push(...findings),
      missed: () => void this.#missed.add(checked.unknownBase!),
    };
    for (const instruction of [...instructions, ...stage.instructions]) {
      const sources = checkInstruction(this.#facts, checked, instruction, listener);
      // What a trigger takes files from is found here first.
      for (const index of sources) this.stage(this.#facts.dockerfile.stages[index]!);
    }
    return checked;
  }

  #begin(stage: Stage): { stage: CheckedStage; triggers: readonly string[] } {
    const base = baseOf(this.#facts, stage);
    const fresh = { stage, state: emptyImage(fromOci()), workdirIsSet: false, unknownBase: undefined, last: new Map() };
    if (base.source.kind === "stage") {
      const { state, workdirIsSet, unknownBase } = this.stage(this.#facts.dockerfile.stages[base.source.index]!);
      return { stage: { ...fresh, state: fromStage(state), workdirIsSet, unknownBase }, triggers: state.config.onBuild };
    }
    if (!isImage(this.#facts, base)) return { stage: fresh, triggers: [] };
    this.#images.add(stage.index);
    const oci = this.#known.get(stage.index);
    if (!oci) {
      this.#checkReference(stage, base);
      return { stage: { ...fresh, unknownBase: stage.index }, triggers: [] };
    }
    this.#checkPlatform(stage, base, oci);
    const config = fromOci(oci.config);
    return { stage: { ...fresh, state: fromImage(oci, config) }, triggers: config.onBuild };
  }

  #checkReference({ from }: Stage, { source }: Base): void {
    if (source.kind !== "image") return;
    try {
      parseReference(source.reference);
    } catch (error) {
      throw placed(error, this.#facts.dockerfile.file, from);
    }
  }

  /** A context that is an image is what its giver meant. */
  #checkPlatform({ from }: Stage, { source, platform }: Base, { os, architecture, variant }: OciImageConfig): void {
    if (source.kind !== "image") return;
    const expected = platform === undefined ? this.#facts.target : parsePlatform(platform);
    this.#findings.push(...checkBasePlatform(from, source.reference, expected, { os, architecture, variant }));
  }
}

function isImage({ imageContexts }: LintFacts, { source }: Base): boolean {
  return source.kind === "image" || (source.kind === "context" && imageContexts.has(source.name));
}
