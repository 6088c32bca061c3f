/** A socket that leads to an agent, for programs that look for one in SSH_AUTH_SOCK. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { SshAgent } from "./open-agent.js";

/** sun_path of sockaddr_un, its end included (unix(7)). */
const SOCKET_PATH_MAX = 107;

/** @param directory for the socket alone, gone at its end; unless there is none or its path is too long for one */
export async function listenForAgent(
  agent: SshAgent,
  directory: string | undefined,
): Promise<{ readonly socket: string; readonly close: () => Promise<void> }> {
  const fits = directory !== undefined && Buffer.byteLength(path.join(directory, "agent")) <= SOCKET_PATH_MAX;
  const place = fits ? directory : await mkdtemp(path.join(tmpdir(), "caisson-ssh-"));
  if (fits) await mkdir(place);
  const socket = path.join(place, "agent");
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    const upstream = agent.connect();
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
