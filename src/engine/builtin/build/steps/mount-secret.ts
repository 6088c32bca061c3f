/** `RUN --mount=type=secret`: a file in memory or a variable, for the command alone. Looked up when the command runs, never for the key. */

import { readSecret } from "../../../build-context/read-secret.js";
import { buildFailed } from "../../../dockerfile/build-failed.js";
import type { InstructionOf } from "../../../dockerfile/instructions.js";
import type { RunMount } from "../../../dockerfile/run-mounts.js";
import type { ResolvedMount } from "./resolved-mount.js";
import type { StageScope } from "./stage-scope.js";

export function resolveSecret(
  { facts }: StageScope,
  instruction: InstructionOf<"RUN">,
  mount: RunMount & { type: "secret" },
): ResolvedMount {
  const { id, target, env, required, mode, uid, gid } = mount;
  const fail = (problem: string, details: { remedy?: string; cause?: unknown } = {}) =>
    buildFailed({ file: facts.dockerfile.file, instruction }, problem, details);
  return {
    key: ["secret", id, target ?? "", env ?? "", mode, uid, gid, required],
    open: async () => {
      const content = await readSecret(facts.options.secrets?.[id]).catch((cause: Error) => {
        throw fail(`secret ${id} can't be read: ${cause.message}`, { cause });
      });
      if (content === undefined) {
        if (!required) return {};
        throw fail(`secret ${id}: not found`, { remedy: `Give the build a secret of that id: --secret id=${id},src=FILE.` });
      }
      return {
        mount: target === undefined ? undefined : { target, source: { kind: "content", content, mode, uid, gid }, readonly: true },
        env: env === undefined ? undefined : { [env]: content.toString("utf8") },
      };
    },
  };
}
