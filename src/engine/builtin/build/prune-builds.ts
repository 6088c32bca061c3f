/** Forgets what builds remember: records, cache mounts, and the layers that no image uses. What builds use now stays. */
import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import type { PruneResult } from "../../engine.js";
import type { ImageStore } from "../images/image-store.js";
import type { CacheStore } from "./cache-store.js";

export async function pruneBuilds(images: ImageStore, cache: CacheStore): Promise<PruneResult> {
  const [recorded, used] = await Promise.all([cache.recorded(), images.layersInUse()]);
  // Records first: a build that begins now must not find one whose layer is about to go.
  const entries = await cache.clear();
  const inUse = await cache.inUse();
  let bytes = 0;
  for (const layer of recorded) {
    if (used.has(layer) || inUse.has(layer)) continue;
    bytes += (await images.layers.metadata(layer))?.bytes ?? 0;
    await images.layers.remove(layer);
  }
  for (const name of await readdir(cache.mounts).catch(() => [])) {
    if (inUse.has(`mount-${name}`)) continue;
    const directory = path.join(cache.mounts, name);
    bytes += await bytesBelow(directory);
    await images.tools.removeTree(directory);
  }
  await cache.removeFreeLocks();
  return { entries, bytes };
}

/** Of file contents; what goes away meanwhile counts for nothing. */
async function bytesBelow(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      lstat(path.join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
