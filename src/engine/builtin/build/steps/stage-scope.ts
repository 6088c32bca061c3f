/** What a step sees of the stage that it belongs to. */

import type { FileTree } from "../../../build-context/file-tree.js";
import type { ImageState } from "../../../dockerfile/image-state.js";
import type { Instruction } from "../../../dockerfile/instructions.js";
import type { Stage } from "../../../dockerfile/parse-dockerfile.js";
import type { Source } from "../../../dockerfile/stage-graph.js";
import type { BuildContextFacts } from "../build-context.js";
import type { Step } from "../build-progress.js";

export interface KeyedLayer {
  readonly key: string;
  /** @returns the diffID */
  readonly make: () => Promise<string>;
}

export interface StageScope {
  readonly facts: BuildContextFacts;
  readonly stage: Stage;
  readonly state: ImageState;
  /** Directories of this stage's layers so far, lowest first. */
  readonly below: readonly string[];
  /**
   * The layer that a step makes, or made before.
   * @param find its key, and how to make it; runs within the step, so that what it does is part of it
   */
  layer(instruction: Instruction, find: (step: Step) => Promise<KeyedLayer>): Promise<string>;
  /** The files that `--from` names. Waits for the stage that they are from. */
  tree(source: Source, instruction: Instruction): Promise<FileTree>;
  /** diffIDs of a stage, image or context. */
  layersOf(source: Source, instruction: Instruction): Promise<readonly string[]>;
}
