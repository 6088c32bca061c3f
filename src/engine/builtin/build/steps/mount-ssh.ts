/**
 * `RUN --mount=type=ssh`: an agent's socket. The command gets one of its own that leads there, since the agent's belongs to whoever runs it
 * and `uid`, `gid` and `mode` say who may use this one.
 */
import { chmod } from "node:fs/promises";
import { listenForAgent } from "../../../build-context/ssh/agent-socket.js";
import { openAgent } from "../../../build-context/ssh/open-agent.js";
import { buildFailed } from "../../../dockerfile/build-failed.js";
import type { InstructionOf } from "../../../dockerfile/instructions.js";
import type { RunMount } from "../../../dockerfile/run-mounts.js";
import type { ResolvedMount } from "./resolved-mount.js";
import type { StageScope } from "./stage-scope.js";

type Ssh = RunMount & { type: "ssh" };

export function resolveSsh({ facts }: StageScope, instruction: InstructionOf<"RUN">, mount: Ssh): ResolvedMount {
  const { id, target, required, mode, uid, gid } = mount;
  const failed = { file: facts.dockerfile.file, instruction };
  return {
    key: ["ssh", id, target, mode, uid, gid, required],
    open: async () => {
      const given = facts.options.ssh?.[id];
      if (given === undefined) {
        if (!required) return {};
        throw buildFailed(failed, `ssh agent ${id}: not given`, {
          remedy: `Give the build its socket: --ssh ${id}=SOCKET, or =KEY for a private key.`,
        });
      }
      const agent = await openAgent(given).catch((cause: Error) => {
        throw buildFailed(failed, `ssh agent ${id}: ${cause.message}`, { cause, remedy: "Start ssh-agent, and add the key with ssh-add." });
      });
      const { socket, close } = await listenForAgent(agent, (await facts.workspace()).scratch());
      await chmod(socket, mode);
      if (uid !== 0 || gid !== 0) await facts.images.tools.chown(socket, uid, gid);
      return {
        mount: { target, source: { kind: "host", path: socket, isDirectory: false }, readonly: false },
        env: { SSH_AUTH_SOCK: target },
        close,
      };
    },
  };
}
