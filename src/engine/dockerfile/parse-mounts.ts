/** RUN's mounts, their words expanded; errors with their place. */
import { dockerfileError } from "./dockerfile-error.js";
import type { Expander } from "./expand-instruction.js";
import type { ImageState } from "./image-state.js";
import type { InstructionOf } from "./instructions.js";
import type { Dockerfile } from "./parse-dockerfile.js";
import { MountInvalid, parseRunMount, type RunMount } from "./run-mounts.js";

/** @throws DOCKERFILE_INVALID */
export function parseMounts({ file }: Dockerfile, state: ImageState, instruction: InstructionOf<"RUN">, expander: Expander): RunMount[] {
  let ssh = 0;
  return instruction.mounts.map((text) => {
    try {
      const mount = parseRunMount(expander.word(text), state.config.workingDir || "/", ssh);
      if (mount.type === "ssh") ssh++;
      return mount;
    } catch (error) {
      if (!(error instanceof MountInvalid)) throw error;
      throw dockerfileError({ file, line: instruction.line }, `invalid mount: ${error.message}`, {
        source: instruction.original,
        cause: error,
      });
    }
  });
}
