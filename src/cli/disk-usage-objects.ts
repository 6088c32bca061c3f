/** `system df -v` as `--format` knows it: one object, with docker's names of what is known. Pure. */
import type { DiskUsage } from "../engine/engine.js";
import { imageRows } from "./image-table.js";
import { formatAge, formatMoment, formatSize } from "./quantities.js";

type Row = Readonly<Record<string, string>>;

export function usageObjects({ images, containers, volumes, buildCache }: DiskUsage, now: Date): Readonly<Record<string, readonly Row[]>> {
  return {
    Images: images.flatMap((image) =>
      // Docker has one of its names, too.
      imageRows({ ...image, repoDigests: [] }, { whole: true, now, names: image.references.slice(0, 1) }).map(({ Digest: _, ...row }) => ({
        ...row,
        Containers: String(image.containers),
        ...{ SharedSize: formatSize(image.sharedBytes), UniqueSize: formatSize(image.uniqueBytes) },
      })),
    ),
    Containers: containers.map(({ id, name, image, status, created, writableBytes }) => ({
      ...{ ID: id, Names: name, Image: image, State: status },
      ...{ CreatedAt: formatMoment(created), RunningFor: formatAge(created, now), Size: formatSize(writableBytes) },
    })),
    Volumes: volumes.map(({ name, bytes }) => ({ Name: name, Size: bytes === undefined ? "N/A" : formatSize(bytes) })),
    BuildCache: buildCache.steps.map(({ id, created, bytes, shared }) => ({
      ...{ ID: id, Size: formatSize(bytes), Shared: String(shared) },
      ...{ CreatedAt: formatMoment(created), CreatedSince: formatAge(created, now) },
    })),
  };
}
