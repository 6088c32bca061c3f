/**
 * `RUN --mount=type=ssh`: an agent's socket. The command gets one of its own that leads there, since the agent's belongs to whoever runs it
 * and `uid`, `gid` and `mode` say who may use this one.
 */
import { chmod, mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildFailed } from "../../../dockerfile/build-failed.js";
import type { InstructionOf } from "../../../dockerfile/instructions.js";
import type { ResolvedMount } from "./resolved-mount.js";
import type { RunMount } from "./run-mounts.js";
import type { StageScope } from "./stage-scope.js";

type Ssh = RunMount & { type: "ssh" };

/** sun_path of sockaddr_un, its end included (unix(7)). */
const SOCKET_PATH_MAX = 107;

export function resolveSsh({ facts }: StageScope, instruction: InstructionOf<"RUN">, mount: Ssh): ResolvedMount {
  const { id, target, required, mode, uid, gid } = mount;
  const failed = { file: facts.dockerfile.file, instruction };
  return {
    key: ["ssh", id, target, mode, uid, gid, required],
    open: async () => {
      const agent = facts.options.ssh?.[id];
      if (agent === undefined) {
        if (!required) return {};
        throw buildFailed(failed, `ssh agent ${id}: not given`, { remedy: `Give the build its socket: --ssh ${id}=SOCKET.` });
      }
      const found = await stat(agent).catch(() => undefined);
      if (!found?.isSocket()) {
        const what = found ? "no agent's socket" : "not there";
        throw buildFailed(failed, `ssh agent ${id}: ${agent} is ${what}`, { remedy: "Start ssh-agent, and add the key with ssh-add." });
      }
      const { socket, close } = await listenFor(agent, (await facts.workspace()).scratch());
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

/** @param directory for the socket, unless its path is too long for one */
async function listenFor(agent: string, directory: string): Promise<{ socket: string; close: () => Promise<void> }> {
  const fits = Buffer.byteLength(path.join(directory, "agent")) <= SOCKET_PATH_MAX;
  const place = fits ? directory : await mkdtemp(path.join(tmpdir(), "caisson-ssh-"));
  await mkdir(place, { recursive: true });
  const socket = path.join(place, "agent");
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    const upstream = createConnection(agent);
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
    client.on("close", () => {
      clients.delete(client);
      upstream.destroy();
    });
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(socket, resolve));
  return {
    socket,
    close: async () => {
      for (const client of clients) client.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(place, { recursive: true, force: true });
    },
  };
}
