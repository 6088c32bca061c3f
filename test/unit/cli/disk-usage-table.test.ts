import { expect, it } from "vitest";
import { usageSummary } from "../../../src/cli/disk-usage-table.js";
import type { DiskUsage, ImageDiskUsage } from "../../../src/engine/engine.js";

const image = (id: string, uniqueBytes: number, containers: number): ImageDiskUsage => ({
  ...{ id, references: [`${id}:latest`], created: new Date(0) },
  ...{ size: 1000 + uniqueBytes, sharedBytes: 1000, uniqueBytes, containers },
});

/** Three images on the same 1000 bytes, and 500 bytes that builds alone remember. */
const usage = (used: number): DiskUsage => ({
  layersBytes: 1000 + 100 + 200 + 500,
  images: [image("base", 0, 0), image("one", 100, 0), image("two", 200, used)],
  containers: [],
  volumes: [],
  buildCache: { entries: 1, reclaimableBytes: 500, steps: [{ id: "step", created: new Date(0), bytes: 500, shared: false }] },
});

it.each([
  ["images without containers can all go, whatever they share", 0, { Active: "0", Reclaimable: "1.3kB (100%)" }],
  ["what an image with containers has for itself can't", 1, { Active: "1", Reclaimable: "1.1kB (84%)" }],
])("%s", (_, used, expected) => {
  const [images, , , builds] = usageSummary(usage(used)).rows;
  expect(images).toEqual({ Type: "Images", TotalCount: "3", Size: "1.3kB", ...expected });
  expect(builds).toMatchObject({ Size: "500B", TotalCount: "1" });
});
