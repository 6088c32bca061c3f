/** What a container has changed of its image's files. */
import type { FileChange } from "../engine.js";
import { containerPath } from "./container-path.js";
import type { DockerClient } from "./docker-client.js";

const KINDS: readonly FileChange["kind"][] = ["changed", "added", "deleted"];

export async function changesOf(client: DockerClient, container: string): Promise<FileChange[]> {
  const changes = await client.json<readonly { readonly Path: string; readonly Kind: number }[] | null>(
    "GET",
    containerPath(container, "/changes"),
    { doing: `Looking for changed files of container ${container}`, container },
  );
  return (changes ?? [])
    .map(({ Path: path, Kind }) => ({ path, kind: KINDS[Kind] ?? "changed" }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
