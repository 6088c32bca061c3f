/** Borrowing the daemons of the run (`daemon-keeper.ts`), and what is on them. */
import { once } from "node:events";
import { request } from "node:http";
import { createConnection } from "node:net";
import { createInterface } from "node:readline";
import { json, text } from "node:stream/consumers";
import { inject } from "vitest";

export type DaemonName = "dockerd" | "podman";

/** How a daemon is reached, for `openEngine`. */
export interface DaemonAccess {
  /** Its own socket. */
  readonly host: string;
  readonly tls?: { readonly host: string; readonly certificates: string } | undefined;
  /** With the PATH that finds the ssh which has the key. */
  readonly ssh?: { readonly host: string; readonly path: string } | undefined;
}

export interface BorrowedDaemon {
  readonly access: DaemonAccess;
  giveBack(): void;
}

/** Resolves when nobody else has it. */
export async function borrowDaemon(name: DaemonName): Promise<BorrowedDaemon> {
  const connection = createConnection(inject("daemons"));
  connection.write(name);
  const [line] = (await once(createInterface(connection), "line")) as [string];
  const access = JSON.parse(line) as DaemonAccess & { readonly error?: string };
  if (access.error !== undefined) throw new Error(access.error);
  return { access, giveBack: () => connection.destroy() };
}

/** By name or id, images and what the daemon makes by itself left out. */
export interface DaemonContents {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
}

const OWN_NETWORKS = ["bridge", "host", "none", "podman"];

export async function contentsOf({ host }: DaemonAccess): Promise<DaemonContents> {
  const containers = (await ask(host, "GET", "/containers/json?all=1")) as readonly { Id: string }[];
  const networks = (await ask(host, "GET", "/networks")) as readonly { Name: string }[];
  const { Volumes } = (await ask(host, "GET", "/volumes")) as { Volumes: readonly { Name: string }[] | null };
  return {
    containers: containers.map(({ Id }) => Id),
    networks: networks.map(({ Name }) => Name).filter((name) => !OWN_NETWORKS.includes(name)),
    volumes: (Volumes ?? []).map(({ Name }) => Name),
  };
}

/** Makes it as empty as a new one. */
export async function emptyDaemon({ host }: DaemonAccess): Promise<void> {
  const { containers, networks, volumes } = await contentsOf({ host });
  for (const id of containers) await ask(host, "DELETE", `/containers/${id}?force=1&v=1`);
  for (const name of networks) await ask(host, "DELETE", `/networks/${encodeURIComponent(name)}`);
  for (const name of volumes) await ask(host, "DELETE", `/volumes/${encodeURIComponent(name)}?force=1`);
  const images = (await ask(host, "GET", "/images/json")) as readonly { Id: string }[];
  for (const { Id } of images) await ask(host, "DELETE", `/images/${Id}?force=1`).catch(() => undefined); // gone with another one
  await ask(host, "POST", "/build/prune?all=1").catch(() => undefined); // Podman has no such thing
}

/** Not by way of the engine, whose word on what it leaves is what is checked. */
async function ask(host: string, method: "GET" | "DELETE" | "POST", path: string): Promise<unknown> {
  const sent = request({ socketPath: host.replace("unix://", ""), method, path });
  sent.end();
  const [answer] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
  if ((answer.statusCode ?? 0) >= 400) throw new Error(`${method} ${path}: ${answer.statusCode} ${await text(answer)}`);
  return answer.statusCode === 204 ? void answer.resume() : json(answer).catch(() => undefined);
}
