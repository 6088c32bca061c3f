/** Files of a context as a layer: for FROM and for mounts, which need directories that don't change. */

import { treeTar } from "../../../build-context/tree-tar.js";
import type { Instruction } from "../../../dockerfile/instructions.js";
import { placeFailure } from "../build-failure.js";
import { keyOf } from "../cache-store.js";
import { digestOf, type Selected } from "./copy-selection.js";
import type { StageScope } from "./stage-scope.js";
import { writeLayer } from "./write-layer.js";

/** @param name what is selected is called at the layer's root; "" for its contents. @returns the diffID */
export async function treeLayer({ facts }: StageScope, instruction: Instruction, selected: Selected, name: string): Promise<string> {
  const { cache, workspace, signal } = facts;
  const key = keyOf("tree", name, await digestOf(selected, [], cache), facts.epoch);
  const known = await cache.layer(key);
  if (known !== undefined) return known;
  try {
    const layer = await writeLayer(await workspace(), [], [{ tar: treeTar(selected.tree.files(selected.path), name) }], signal);
    await cache.put(key, layer);
    return layer;
  } catch (error) {
    throw placeFailure({ file: facts.dockerfile.file, instruction }, error);
  }
}
