import { expect, it } from "vitest";
import { usageObjects } from "../../../src/cli/disk-usage-objects.js";
import { usageDetails, usageSummary } from "../../../src/cli/disk-usage-table.js";
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

it("templates of -v have docker's names of what each thing takes", () => {
  const objects = usageObjects(
    {
      ...usage(1),
      containers: [{ id: "c0ffee", name: "box", image: "two", status: "running", created: new Date(0), writableBytes: 12 }],
      volumes: [
        { name: "data", anonymous: false, created: new Date(0), bytes: 7, inUse: true },
        { name: "elsewhere", anonymous: false, created: new Date(0), bytes: undefined, inUse: false },
      ],
    },
    new Date(120_000),
  );
  expect(objects["Images"]?.[2]).toMatchObject({
    ...{ ID: "two", Repository: "two", Tag: "latest", Size: "1.2kB", SharedSize: "1kB", UniqueSize: "200B", Containers: "1" },
    CreatedSince: "2 minutes ago",
  });
  expect(objects["Containers"]).toMatchObject([
    { ID: "c0ffee", Names: "box", Image: "two", State: "running", RunningFor: "2 minutes ago", Size: "12B" },
  ]);
  expect(objects["Volumes"]).toEqual([
    { Name: "data", Size: "7B" },
    { Name: "elsewhere", Size: "N/A" },
  ]);
  expect(objects["BuildCache"]).toMatchObject([{ ID: "step", Size: "500B", Shared: "false", CreatedSince: "2 minutes ago" }]);
});

it("-v has a table of what builds remember", () => {
  expect(usageDetails(usage(0), new Date(120_000)).at(-1)).toEqual({
    title: "Build cache usage: 500B of 1 steps",
    headings: ["CACHE ID", "SIZE", "CREATED", "SHARED"],
    rows: [["step", "500B", "2 minutes ago", "false"]],
  });
});
