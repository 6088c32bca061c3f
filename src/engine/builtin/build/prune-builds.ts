/** Forgets what builds remember: records, cache mounts, and the layers that no image uses. What builds use now stays. */
import { randomBytes } from "node:crypto";
import { lstat, readdir, rename } from "node:fs/promises";
import path from "node:path";
import type { PruneResult } from "../../engine.js";
import type { ImageStore } from "../images/image-store.js";
import type { CacheStore } from "./cache-store.js";

export async function pruneBuilds(images: ImageStore, cache: CacheStore): Promise<PruneResult> {
  const recorded = [...(await cache.recorded())];
  // Records first: a build that begins now must not find one whose layer is about to go.
  const entries = await cache.clear();
  const sizes = new Map(
    await Promise.all(recorded.map(async (layer) => [layer, (await images.layers.metadata(layer))?.bytes ?? 0] as const)),
  );
  const gone = await images.removeUnused(recorded);
  let bytes = gone.reduce((sum, layer) => sum + (sizes.get(layer) ?? 0), 0);
  for (const name of await readdir(cache.mounts).catch(() => [])) {
    const directory = await images.removals.exclusive(() => detachMount(cache, name));
    if (directory === undefined) continue;
    bytes += await bytesBelow(directory);
    await images.tools.removeTree(directory);
  }
  await cache.removeFreeLocks();
  return { entries, bytes };
}

/** @returns where it is now, if no build uses it */
async function detachMount(cache: CacheStore, name: string): Promise<string | undefined> {
  // One that is just being filled has a longer name.
  const [mount] = name.split(".");
  if ((await cache.inUse()).has(`mount-${mount}`)) return undefined;
  const gone = path.join(cache.mounts, `${mount}.${randomBytes(6).toString("hex")}.tmp`);
  return rename(path.join(cache.mounts, name), gone).then(
    () => gone,
    () => undefined, // another prune was faster
  );
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
