/** What a container has changed of its image's files. */
import type { ContainerJson } from "../docker-api/container-json.js";
import type { FileChange } from "../engine.js";
import { containerPath } from "./container-path.js";
import type { DockerClient } from "./docker-client.js";
import { withoutMountPoints } from "./mount-points.js";

const KINDS: readonly FileChange["kind"][] = ["changed", "added", "deleted"];

/** @param json of the container, for its mounts */
export async function changesOf(client: DockerClient, container: string, { Mounts, HostConfig }: ContainerJson): Promise<FileChange[]> {
  const changes = await client.json<readonly { readonly Path: string; readonly Kind: number }[] | null>(
    "GET",
    containerPath(container, "/changes"),
    { doing: `Looking for changed files of container ${container}`, container },
  );
  const found = (changes ?? []).map(({ Path: path, Kind }): FileChange => ({ path, kind: KINDS[Kind] ?? "changed" }));
  const targets = [...(Mounts ?? []).map(({ Destination }) => Destination), ...Object.keys(HostConfig.Tmpfs ?? {})];
  return withoutMountPoints(found, targets).sort((a, b) => (a.path < b.path ? -1 : 1));
}
