/** WORKDIR: makes the directory with those above it, owned by the current user, as BuildKit does. */

import type { Expander } from "../../../dockerfile/expand-instruction.js";
import { commit, type ImageState, resolveWorkdir } from "../../../dockerfile/image-state.js";
import type { InstructionOf } from "../../../dockerfile/instructions.js";
import { keyOf } from "../cache-store.js";
import { followDangling, pathsTo } from "../files/dangling-links.js";
import { statInRoot } from "../files/root-files.js";
import { copyTar } from "./copy-files.js";
import { ownerOf } from "./owner.js";
import type { StageScope } from "./stage-scope.js";
import { writeLayer } from "./write-layer.js";

export async function workdirStep(builder: StageScope, instruction: InstructionOf<"WORKDIR">, expander: Expander): Promise<ImageState> {
  const { facts, state, below } = builder;
  const directory = resolveWorkdir(state.config.workingDir, expander.word(instruction.value));
  const moved = { ...state, config: { ...state.config, workingDir: directory } };
  if (directory === "/") return commit(moved, `WORKDIR ${directory}`);
  const { user } = state.config;
  const layer = await builder.layer(instruction, async () => ({
    key: keyOf("workdir", state.layers, directory, user),
    make: async () => {
      const workspace = await facts.workspace();
      const place = await followDangling(workspace.session, below, directory);
      const paths = pathsTo(place);
      const found = await statInRoot(workspace.session, below, paths);
      const known = new Map(paths.flatMap((each, index) => (found[index] ? [[each, found[index]] as const] : [])));
      const owner = user === "" ? undefined : await ownerOf(workspace.session, below, user);
      const now = facts.epoch ?? Math.floor(Date.now() / 1000);
      const tar = copyTar([], { destination: `${place}/`, known, owner, mode: undefined, exclude: [], now });
      return writeLayer(workspace, below, [{ tar }], facts.signal);
    },
  }));
  return commit(moved, `WORKDIR ${directory}`, layer);
}
