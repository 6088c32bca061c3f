/** The tables of `system df`, with docker's names of the columns. Pure. */
import type { DiskUsage } from "../engine/engine.js";
import { imageRows } from "./image-table.js";
import type { Listing } from "./print-rows.js";
import { formatAge, formatSize } from "./quantities.js";

const SUMMARY_HEADINGS = { Type: "TYPE", TotalCount: "TOTAL", Active: "ACTIVE", Size: "SIZE", Reclaimable: "RECLAIMABLE" };

/**
 * Docker's table: active is what containers need, reclaimable what pruning everything else would give back. Of images that is, as docker
 * counts it (cli/command/formatter/disk_usage.go), all but what those that containers need have for themselves.
 */
export function usageSummary({ layersBytes, images, containers, volumes, buildCache }: DiskUsage): Listing {
  const running = ({ status }: DiskUsage["containers"][number]): boolean => status !== "created" && status !== "exited";
  const stopped = containers.filter((container) => !running(container));
  const needed = images.filter((image) => image.containers > 0);
  const dangling = volumes.filter(({ inUse }) => !inUse);
  const imageBytes = layersBytes - buildCache.reclaimableBytes;
  const [written, unneeded] = [sum(containers, "writableBytes"), sum(stopped, "writableBytes")];
  const rows = [
    row("Images", images.length, needed.length, imageBytes, imageBytes - sum(needed, "uniqueBytes")),
    row("Containers", containers.length, containers.length - stopped.length, written, unneeded),
    row("Local Volumes", volumes.length, volumes.length - dangling.length, sum(volumes, "bytes"), sum(dangling, "bytes")),
    row("Build Cache", buildCache.entries, 0, buildCache.reclaimableBytes, buildCache.reclaimableBytes),
  ];
  return { rows, headings: SUMMARY_HEADINGS, table: Object.keys(SUMMARY_HEADINGS) };
}

function row(type: string, total: number, active: number, bytes: number, reclaimable: number): Readonly<Record<string, string>> {
  const share = bytes > 0 ? ` (${Math.floor((100 * reclaimable) / bytes)}%)` : "";
  return {
    ...{ Type: type, TotalCount: String(total), Active: String(active) },
    ...{ Size: formatSize(bytes), Reclaimable: `${formatSize(reclaimable)}${share}` },
  };
}

function sum<K extends string>(items: readonly { readonly [key in K]: number | undefined }[], key: K): number {
  return items.reduce((total, item) => total + (item[key] ?? 0), 0);
}

export interface UsageDetail {
  readonly title: string;
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Of `-v`: what each image, container, volume and step of a build has on the disk. */
export function usageDetails({ images, containers, volumes, buildCache }: DiskUsage, now: Date): readonly UsageDetail[] {
  return [
    {
      title: "Images space usage:",
      headings: ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE", "SHARED SIZE", "UNIQUE SIZE", "CONTAINERS"],
      rows: images.flatMap((image) =>
        imageRows({ ...image, repoDigests: [] }, { whole: false, now }).map(({ Repository, Tag, ID, CreatedSince, Size }) => [
          ...[Repository, Tag, ID, CreatedSince, Size],
          ...[formatSize(image.sharedBytes), formatSize(image.uniqueBytes), String(image.containers)],
        ]),
      ),
    },
    {
      title: "Containers space usage:",
      headings: ["CONTAINER ID", "IMAGE", "SIZE", "CREATED", "STATUS", "NAMES"],
      rows: containers.map(({ id, image, writableBytes, created, status, name }) => [
        ...[id.slice(0, 12), image, formatSize(writableBytes)],
        ...[formatAge(created, now), status, name],
      ]),
    },
    {
      title: "Local Volumes space usage:",
      headings: ["VOLUME NAME", "USED", "SIZE"],
      rows: volumes.map(({ name, inUse, bytes }) => [name, inUse ? "yes" : "no", bytes === undefined ? "N/A" : formatSize(bytes)]),
    },
    {
      title: `Build cache usage: ${formatSize(buildCache.reclaimableBytes)} of ${buildCache.entries} steps`,
      headings: ["CACHE ID", "SIZE", "CREATED", "SHARED"],
      rows: buildCache.steps.map(({ id, bytes, created, shared }) => [
        ...[id.slice(0, 12), formatSize(bytes)],
        ...[formatAge(created, now), String(shared)],
      ]),
    },
  ];
}
