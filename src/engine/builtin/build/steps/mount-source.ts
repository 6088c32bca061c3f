/** What a mount's `from` and `source` name: files of the context, of a named one, of a stage or of an image. */

import { buildFailed } from "../../../dockerfile/build-failed.js";
import type { InstructionOf } from "../../../dockerfile/instructions.js";
import { sourceOf } from "../../../dockerfile/stage-graph.js";
import { keyOf } from "../cache-store.js";
import { digestOf, type Selected } from "./copy-selection.js";
import type { MountSource } from "./plan-run-mounts.js";
import type { StageScope } from "./stage-scope.js";
import { treeLayer } from "./tree-layer.js";
import { layerDirectories } from "./workspace.js";

type Run = InstructionOf<"RUN">;

export interface SelectedSource {
  readonly selected: Selected;
  /** Of the files' contents, names, modes and owners. */
  readonly digest: string;
}

/** Where a source is in the layer that is made of it. */
const PLACE = "source";

/** @throws DOCKERFILE_INVALID; BUILD_FAILED where the path is not there */
export async function selectSource(
  builder: StageScope,
  instruction: Run,
  { from, source }: { readonly from: string | undefined; readonly source: string },
): Promise<SelectedSource> {
  const { facts } = builder;
  const tree = from === undefined ? facts.files : await builder.tree(namedSource(builder, instruction, from), instruction);
  const found = await tree.stat(source);
  if (!found) {
    const reason = tree.why?.(source);
    const problem = `"/${source.replace(/^\/+/, "")}": not found ${from === undefined ? "in the context" : `in ${from}`}`;
    throw buildFailed({ file: facts.dockerfile.file, instruction }, reason === undefined ? problem : `${problem}: ${reason}`);
  }
  const selected = { tree, path: found.path, name: PLACE, isDirectory: found.isDirectory, parents: [] };
  return { selected, digest: await sourceDigest(builder, selected) };
}

/** A whole root file system is told by its layers: reading all of it would cost more than a step saves. */
function sourceDigest({ facts }: StageScope, selected: Selected): Promise<string> {
  const { tree, path } = selected;
  return path === "" && tree.identity !== undefined ? Promise.resolve(keyOf(tree.identity)) : digestOf(selected, [], facts.cache);
}

/** As directories to mount from. */
export async function mountableSource(
  builder: StageScope,
  instruction: Run,
  from: string | undefined,
  { selected }: SelectedSource,
): Promise<Omit<MountSource & { kind: "layers" }, "scratch">> {
  const { tree, path, isDirectory } = selected;
  const directories = (layers: readonly string[]) => layerDirectories(builder.facts.images.layers, layers);
  if (from === undefined || tree.identity === undefined) {
    const layer = await treeLayer(builder, instruction, selected, PLACE);
    return { kind: "layers", layers: directories([layer]), path: PLACE, isDirectory };
  }
  const layers = await builder.layersOf(namedSource(builder, instruction, from), instruction);
  return { kind: "layers", layers: directories(layers), path, isDirectory };
}

export function namedSource({ facts, stage }: StageScope, instruction: Run, from: string) {
  return sourceOf(facts, stage, instruction, from);
}
