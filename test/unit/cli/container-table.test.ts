import { expect, it } from "vitest";
import { containerColumns, labelHeading, labelMethod } from "../../../src/cli/container-table.js";
import type { ContainerSummary } from "../../../src/engine/engine.js";

const BOX: ContainerSummary = {
  ...{ id: "0123456789abcdef", name: "box", image: "busybox", imageId: "sha256:1", command: ["sh"] },
  ...{ created: new Date("2026-11-27T13:47:30Z"), status: "running", statusText: "Up 3 minutes (healthy)" },
  labels: { "com.example.tier": "front" },
  ...{ ports: [], exposedPorts: [], ipAddress: undefined, networks: {} },
  mounts: [
    { type: "volume", name: "data", source: "/var/lib/volumes/data/_data", target: "/data", readonly: false },
    { type: "bind", source: "/a/longer/path/of/the/host", target: "/bound", readonly: true },
    { type: "tmpfs", source: "", target: "/scratch", readonly: false },
  ],
};

const columns = (container: Partial<ContainerSummary>, whole = false) => containerColumns({ ...BOX, ...container }, { whole, now: 0 });

it("mounts are the names of volumes and the sources of binds", () => {
  expect(columns({})).toMatchObject({ Mounts: "data,/a/longer/path…", LocalVolumes: "1" });
  expect(columns({}, true)["Mounts"]).toBe("data,/a/longer/path/of/the/host");
});

it("the time of creation is as Go prints it", () => {
  expect(columns({})["CreatedAt"]).toMatch(/^2026-11-2[78] \d\d:\d\d:30 [+-]\d{4} [A-Z]+$/);
});

it.each([
  ["Up 3 minutes (healthy)", "healthy"],
  ["Up 3 minutes (health: starting)", "starting"],
  ["Up 3 minutes (Paused)", ""],
  ["Exited (0) 2 hours ago", ""],
])("the health of %s", (statusText, expected) => {
  expect(columns({ statusText })).toMatchObject({ Health: expected, HealthStatus: expected });
});

it("a label is asked for by its name, and heads a column with the end of it", () => {
  expect(["com.example.tier", "none", "toString"].map(labelMethod(BOX))).toEqual(["front", "", ""]);
  expect(labelHeading("com.example.my-own_label")).toBe("my own label");
});
