/** What Docker does when it removes a container by force, and Podman does not: that gives the processes as long as a stop would. */
import { containerPath } from "./container-path.js";
import type { DockerClient } from "./docker-client.js";

export async function killFirst(client: DockerClient, container: string, signal?: AbortSignal): Promise<void> {
  if (!client.podman) return;
  // Of one that does not run it is refused, and of one that is gone the removal tells.
  const request = { doing: `Killing container ${container}`, container, query: { signal: "SIGKILL" }, signal };
  await client.status("POST", containerPath(container, "/kill"), request).catch(() => {});
}
