/** Removes images that nothing needs. */
import type { ImagePruneOptions, ImagePruneResult, ImageService } from "../../engine.js";
import { isCaissonError } from "../../errors.js";
import { passesPrune } from "../../filters.js";
import type { LayerStore } from "./layer-store.js";

export interface PrunedStore extends Pick<ImageService, "list" | "inspect" | "remove"> {
  readonly layers: LayerStore;
}

/** @param isUsed whether a container was made from an image */
export async function pruneImages(
  store: PrunedStore,
  isUsed: (id: string) => Promise<boolean>,
  options: ImagePruneOptions,
): Promise<ImagePruneResult> {
  const { dangling = true, filters = {} } = options;
  const untagged: string[] = [];
  const deleted: string[] = [];
  let bytes = 0;
  for (const image of await store.list()) {
    if ((await isUsed(image.id)) || (dangling && image.references.length > 0) || !passesPrune(image, filters)) continue;
    try {
      const sizes = await layerSizes(store, image.id);
      const gone = await store.remove(image.id);
      untagged.push(...gone.untagged);
      deleted.push(...gone.deleted);
      bytes += gone.deleted.reduce((sum, each) => sum + (sizes.get(each) ?? 0), 0);
    } catch (error) {
      // Meanwhile it was removed, or a container was made from it.
      if (!isCaissonError(error, "IMAGE_NOT_FOUND") && !isCaissonError(error, "IMAGE_IN_USE")) throw error;
    }
  }
  return { untagged, deleted, bytes };
}

async function layerSizes(store: PrunedStore, image: string): Promise<ReadonlyMap<string, number>> {
  const { layers } = await store.inspect(image);
  return new Map(await Promise.all(layers.map(async (layer) => [layer, (await store.layers.metadata(layer))?.bytes ?? 0] as const)));
}
