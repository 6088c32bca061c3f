/** Removal of one image and of many. */
import { type ImageDeleteJson, removalOf } from "../../docker-api/image-json.js";
import type { ImageInspect, ImagePruneOptions, ImagePruneResult, ImageRemoval, ImageSummary, PruneFilters } from "../../engine.js";
import { CaissonError, isCaissonError, UnsupportedError } from "../../errors.js";
import { passesPrune } from "../../filters.js";
import type { DockerClient } from "../docker-client.js";
import { requestName } from "./image-name.js";

/** By id all of its names go. An image that containers were made from loses its names alone, and those only with `force`. */
export async function removeImage(client: DockerClient, reference: string, image: ImageInspect, force: boolean): Promise<ImageRemoval> {
  const byId = isIdOf(reference, image.id);
  const names = byId ? image.references : image.references.filter((name) => requestName(name) === requestName(reference));
  const last = names.length === image.references.length;
  const containers = last ? await usersOf(client, image.id) : [];
  if (containers.length > 0 && !force) throw imageInUse(reference, containers);
  if (containers.length > 0 && client.podman)
    throw new UnsupportedError(
      "remote",
      `removing ${reference} with force`,
      `Podman would remove its containers as well: ${containers.join(", ")}`,
    );
  const removals: ImageRemoval[] = [];
  for (const name of names.length > 0 ? names : [image.id]) {
    const doing = `Removing image ${name}`;
    try {
      const lines = await client.json<readonly ImageDeleteJson[]>("DELETE", `/images/${requestName(name)}`, {
        doing,
        image: reference,
        query: { force: force && containers.length > 0 },
      });
      removals.push(removalOf(lines));
    } catch (error) {
      if (!isCaissonError(error, "DAEMON_ERROR") || error.facts.status !== 409) throw error;
      throw imageInUse(reference, await usersOf(client, image.id), error);
    }
  }
  return { untagged: removals.flatMap(({ untagged }) => untagged), deleted: removals.flatMap(({ deleted }) => deleted) };
}

/** What pruning needs of the images. */
export interface PrunedImages {
  readonly list: () => Promise<readonly ImageSummary[]>;
  readonly remove: (id: string) => Promise<ImageRemoval>;
}

export async function pruneImages(client: DockerClient, images: PrunedImages, options: ImagePruneOptions): Promise<ImagePruneResult> {
  const { dangling = true, filters = {} } = options;
  const { label, "label!": without, until } = filters;
  const given = { dangling: [String(dangling)], label, "label!": without, until: until && [until.toISOString()] };
  try {
    const answer = await client.json<{ ImagesDeleted?: readonly ImageDeleteJson[] | null; SpaceReclaimed?: number }>(
      "POST",
      "/images/prune",
      {
        doing: "Pruning images",
        query: { filters: JSON.stringify(given) },
      },
    );
    return { ...removalOf(answer.ImagesDeleted), bytes: answer.SpaceReclaimed ?? 0 };
  } catch (error) {
    // Podman 4 prunes what has no name, and takes being told otherwise for a contradiction.
    if (dangling || !isCaissonError(error, "DAEMON_ERROR") || !/"dangling" filter/.test(error.facts.message)) throw error;
    return pruneOneByOne(images, filters);
  }
}

async function pruneOneByOne({ list, remove }: PrunedImages, filters: PruneFilters): Promise<ImagePruneResult> {
  const untagged: string[] = [];
  const deleted: string[] = [];
  let bytes = 0;
  for (const image of await list()) {
    if (!passesPrune(image, filters)) continue;
    const gone = await remove(image.id).catch((error: unknown) => {
      if (isCaissonError(error, "IMAGE_IN_USE") || isCaissonError(error, "IMAGE_NOT_FOUND")) return undefined;
      throw error;
    });
    untagged.push(...(gone?.untagged ?? []));
    deleted.push(...(gone?.deleted ?? []));
    bytes += gone && gone.deleted.length > 0 ? image.size : 0;
  }
  return { untagged, deleted, bytes };
}

function isIdOf(reference: string, id: string): boolean {
  const hex = reference.replace(/^sha256:/, "");
  return /^[0-9a-f]{4,}$/.test(hex) && id.slice("sha256:".length).startsWith(hex);
}

/** Names of the containers that were made from an image. */
async function usersOf(client: DockerClient, id: string): Promise<readonly string[]> {
  const rows = await client.json<readonly { Id: string; Names?: readonly string[] | null; ImageID?: string }[]>("GET", "/containers/json", {
    doing: "Looking for containers of an image",
    query: { all: true },
  });
  return rows
    .filter(({ ImageID = "" }) => ImageID.replace(/^sha256:/, "") === id.replace(/^sha256:/, ""))
    .map(({ Id, Names }) => (Names?.[0] ?? Id.slice(0, 12)).replace(/^\//, ""));
}

function imageInUse(reference: string, containers: readonly string[], cause?: unknown): CaissonError<"IMAGE_IN_USE"> {
  const by = containers.length > 0 ? containers.join(", ") : "something at the daemon";
  return new CaissonError("IMAGE_IN_USE", `Image ${reference} is used by ${by}`, {
    facts: { reference, containers },
    cause,
    remedy: "Remove the containers first, or remove the image with force.",
  });
}
