/** Removing all that carries a session's label: containers with their anonymous volumes, then the networks and volumes that they used. */
import { setMaxListeners } from "node:events";
import { isCaissonError } from "../../errors.js";
import type { DockerClient } from "../docker-client.js";
import { killFirst } from "../kill-first.js";
import { sessionFilter } from "./session-labels.js";

export interface Removal {
  /** What was there. */
  readonly found: number;
  /** Of those, what could not be removed. */
  readonly failures: readonly unknown[];
}

interface Labelled {
  readonly Labels?: Readonly<Record<string, string>> | null;
}

/** Everything that a daemon lists by label: path, query of the list and of the removal, and what one of them is called. */
const KINDS = [
  { path: "/containers", list: "/containers/json", query: { all: true }, removal: { force: true, v: true }, key: "Id" },
  { path: "/networks", list: "/networks", query: {}, removal: {}, key: "Id" },
  { path: "/volumes", list: "/volumes", query: {}, removal: { force: true }, key: "Name" },
] as const;

type Kind = (typeof KINDS)[number];

/** @throws DAEMON_UNREACHABLE, ABORTED; what a daemon refuses to remove is told in the result */
export async function removeSession(client: DockerClient, session: string, signal?: AbortSignal): Promise<Removal> {
  // Each removal listens to it: Node would warn of a leak.
  if (signal) setMaxListeners(0, signal);
  let found = 0;
  const failures: unknown[] = [];
  for (const kind of KINDS) {
    const entries = await listLabelled(client, kind, session, signal);
    found += entries.length;
    failures.push(
      ...(await removeAll(
        client,
        kind,
        entries.map(({ key }) => key),
        signal,
      )),
    );
  }
  return { found, failures };
}

/** Podman removes no container whose namespaces another one shares: as long as some go, those that were refused are tried again. */
async function removeAll(client: DockerClient, kind: Kind, keys: readonly string[], signal: AbortSignal | undefined): Promise<unknown[]> {
  const results = await Promise.allSettled(keys.map((key) => removeOne(client, kind, key, signal)));
  const refused = keys.filter((_, index) => results[index]?.status === "rejected");
  if (refused.length > 0 && refused.length < keys.length) return removeAll(client, kind, refused, signal);
  return results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
}

/** The labels of everything that any session has made. */
export async function labelsOfSessions(client: DockerClient, signal: AbortSignal): Promise<readonly Readonly<Record<string, string>>[]> {
  const lists = await Promise.all(KINDS.map((kind) => listLabelled(client, kind, undefined, signal)));
  return lists.flat().map(({ labels }) => labels);
}

async function listLabelled(client: DockerClient, kind: Kind, session: string | undefined, signal: AbortSignal | undefined) {
  const answer = await client.json<unknown>("GET", kind.list, {
    doing: `Listing ${kind.path.slice(1)} of Caisson's sessions`,
    query: { ...kind.query, filters: sessionFilter(session) },
    signal,
  });
  const entries = (Array.isArray(answer) ? answer : ((answer as { Volumes?: unknown } | undefined)?.Volumes ?? [])) as readonly (Labelled &
    Readonly<Record<string, string>>)[];
  return entries.map((entry) => ({ key: entry[kind.key]!, labels: entry.Labels ?? {} }));
}

/** That it is gone already is as good. */
async function removeOne(client: DockerClient, { path, removal }: Kind, key: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    if (path === "/containers") await killFirst(client, key, signal);
    await client.status("DELETE", `${path}/${encodeURIComponent(key)}`, {
      doing: `Removing ${path.slice(1)}/${key}`,
      query: removal,
      signal,
    });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function isGone(error: unknown): boolean {
  return ["CONTAINER_NOT_FOUND", "NETWORK_NOT_FOUND", "VOLUME_NOT_FOUND"].some((code) =>
    isCaissonError(error, code as "CONTAINER_NOT_FOUND"),
  );
}
