/** Images from containers. */
import type { CommitOptions, ImageInspect } from "../engine.js";
import type { ContainerContext } from "./container-context.js";
import { disownedLabels } from "./lifetime/session-labels.js";

/**
 * The image would have the labels of the container's session, and whatever is made of it would be swept with that. One instruction for each:
 * Podman takes all of the line for the value.
 */
const DISOWN = Object.keys(disownedLabels()).map((name) => `LABEL ${name}=`);

export async function commitContainer(
  { client, images }: ContainerContext,
  container: string,
  options: CommitOptions,
): Promise<ImageInspect> {
  const { reference, comment, author, changes = [], signal } = options;
  const { Id } = await client.json<{ Id: string }>("POST", "/commit", {
    doing: `Making an image of container ${container}`,
    container,
    signal,
    query: { container, ...nameOf(reference), comment, author, changes: [...changes, ...DISOWN] },
    json: {}, // Podman wants a body
  });
  return images.inspect(Id);
}

function nameOf(reference: string | undefined): { readonly repo?: string; readonly tag?: string } {
  const [, repo, tag] = /^(.+?)(?::([^:/]+))?$/.exec(reference ?? "") ?? [];
  return repo === undefined ? {} : { repo, tag: tag ?? "latest" };
}
