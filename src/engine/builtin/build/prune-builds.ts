/** Forgets what builds remember: records, cache mounts, and the layers that no image uses. */
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import type { PruneResult } from "../../engine.js";
import type { ImageStore } from "../images/image-store.js";
import type { CacheStore } from "./cache-store.js";

export async function pruneBuilds(images: ImageStore, cache: CacheStore): Promise<PruneResult> {
  const [held, used] = await Promise.all([cache.held(), images.layersInUse()]);
  let bytes = 0;
  // Records first: a build that begins now must not find one whose layer is about to go.
  const entries = await cache.clear();
  for (const layer of held) {
    if (used.has(layer)) continue;
    bytes += (await images.layers.metadata(layer))?.bytes ?? 0;
    await images.layers.remove(layer);
  }
  for (const name of await readdir(cache.mounts).catch(() => [])) {
    const directory = path.join(cache.mounts, name);
    bytes += (await stat(directory).catch(() => undefined))?.size ?? 0;
    await images.tools.removeTree(directory);
  }
  return { entries, bytes };
}
