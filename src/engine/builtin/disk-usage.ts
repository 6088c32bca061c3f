/** `diskUsage`: what images, containers and builds keep on the disk. */
import type { BuildCacheUsage, ContainerDiskUsage, DiskUsage, ImageDiskUsage, VolumeDiskUsage, VolumeInspect } from "../engine.js";
import type { CacheStore } from "./build/cache-store.js";
import type { ImageStore } from "./images/image-store.js";

export interface DiskUsageSource {
  readonly images: ImageStore;
  readonly cache: CacheStore;
  readonly containers: () => Promise<readonly ContainerDiskUsage[]>;
  readonly volumes: () => Promise<readonly VolumeInspect[]>;
  /** Bytes of the files in a directory. */
  readonly sizeOf: (directory: string) => Promise<number>;
  /** Names of the containers that were made from an image. */
  readonly usersOf: (imageId: string) => readonly string[];
}

export async function diskUsage(source: DiskUsageSource): Promise<DiskUsage> {
  const { images, cache, containers, usersOf } = source;
  const sizes = new Map(
    await Promise.all(
      (await images.layers.list()).map(async (layer) => [layer, (await images.layers.metadata(layer))?.bytes ?? 0] as const),
    ),
  );
  return {
    layersBytes: sum(sizes.values()),
    images: await imageUsage(images, sizes, usersOf),
    containers: await containers(),
    volumes: await volumeUsage(source),
    buildCache: await buildCacheUsage(images, cache, sizes),
  };
}

type Sizes = ReadonlyMap<string, number>;

async function imageUsage(images: ImageStore, sizes: Sizes, usersOf: DiskUsageSource["usersOf"]): Promise<ImageDiskUsage[]> {
  const found = await Promise.all((await images.list()).map(({ id }) => images.inspect(id)));
  const users = new Map<string, number>();
  for (const { layers } of found) for (const layer of new Set(layers)) users.set(layer, (users.get(layer) ?? 0) + 1);
  return found.map(({ id, references, created, size, layers }) => {
    const own = [...new Set(layers)];
    const bytesOf = (shared: boolean): number =>
      sum(own.filter((layer) => users.get(layer)! > 1 === shared).map((layer) => sizes.get(layer) ?? 0));
    return { id, references, created, size, sharedBytes: bytesOf(true), uniqueBytes: bytesOf(false), containers: usersOf(id).length };
  });
}

async function volumeUsage({ volumes, sizeOf }: DiskUsageSource): Promise<VolumeDiskUsage[]> {
  return Promise.all(
    (await volumes()).map(async ({ name, anonymous, created, mountpoint, options, inUse }) => {
      const bytes = options["device"] === undefined ? await sizeOf(mountpoint) : undefined;
      return { name, anonymous, created, bytes, inUse };
    }),
  );
}

async function buildCacheUsage(images: ImageStore, cache: CacheStore, sizes: Sizes): Promise<BuildCacheUsage> {
  const [records, held, used] = await Promise.all([cache.records(), cache.held(), images.layersInUse()]);
  const counted = new Set<string>();
  const steps = records.map(({ key, layer, created }) => {
    const bytes = layer === undefined || counted.has(layer) ? 0 : (sizes.get(layer) ?? 0);
    if (layer !== undefined) counted.add(layer);
    return { id: key, created, bytes, shared: layer !== undefined && used.has(layer) };
  });
  const reclaimableBytes = sum([...held].filter((layer) => !used.has(layer)).map((layer) => sizes.get(layer) ?? 0));
  return { entries: steps.length, reclaimableBytes, steps };
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
