/** What is left of sessions whose process ended and whose watcher didn't get to it: the machine went down, or the way to the daemon. */
import type { DockerClient } from "../docker-client.js";
import { hasEnded } from "./process-identity.js";
import { labelsOfSessions, removeSession } from "./remove-session.js";
import { type Owner, ownerOf } from "./session-labels.js";

/** @throws DAEMON_UNREACHABLE, ABORTED */
export async function sweepStaleSessions(client: DockerClient, signal: AbortSignal): Promise<void> {
  for (const session of staleSessions(await labelsOfSessions(client, signal), hasEnded)) await removeSession(client, session, signal);
}

/** Sessions whose owner has ended for sure. Another host's never are: nobody can tell from here. */
export function staleSessions(labels: readonly Readonly<Record<string, string>>[], ended: (owner: Owner) => boolean): readonly string[] {
  const owners = new Map(labels.flatMap((each) => ownerOf(each) ?? []).map(({ session, owner }) => [session, owner]));
  return [...owners].filter(([, owner]) => ended(owner)).map(([session]) => session);
}
