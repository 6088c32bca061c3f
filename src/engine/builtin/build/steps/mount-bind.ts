/** `RUN --mount=type=bind`: files of the context, a stage or an image. What is written there is gone with the step. */
import type { InstructionOf } from "../../../dockerfile/instructions.js";
import type { RunMount } from "../../../dockerfile/run-mounts.js";
import { makeBelow } from "../../containers/make-below.js";
import { mountableSource, selectSource } from "./mount-source.js";
import type { ResolvedMount } from "./resolved-mount.js";
import type { StageScope } from "./stage-scope.js";

export async function resolveBind(
  builder: StageScope,
  instruction: InstructionOf<"RUN">,
  mount: RunMount & { type: "bind" },
): Promise<ResolvedMount> {
  const { target, from, writable } = mount;
  const source = await selectSource(builder, instruction, mount);
  return {
    key: ["bind", target, source.digest, writable],
    open: async () => {
      const mountable = await mountableSource(builder, instruction, from, source);
      const scratch = writable ? (await builder.facts.workspace()).scratch() : undefined;
      if (scratch !== undefined) await makeBelow(scratch, ["upper", "work"]);
      return { mount: { target, source: { ...mountable, scratch }, readonly: !writable } };
    },
  };
}
