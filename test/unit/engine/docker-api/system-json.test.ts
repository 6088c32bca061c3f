import { expect, it } from "vitest";
import { countsOf, infoJsonOf, infoOf } from "../../../../src/engine/docker-api/system-json.js";
import type { EngineInfo } from "../../../../src/engine/engine.js";

const KNOWN: EngineInfo = {
  ...{ engine: "builtin", version: "1", operatingSystem: "Linux", platform: "linux/amd64", kernelVersion: "6" },
  ...{ cpus: 2, memoryBytes: 1, images: 0, containers: 0 },
};

it("docker's info has no field for what an engine does not say", () => {
  for (const name of ["ID", "Name", "Driver", "CgroupDriver", "CgroupVersion"]) expect(infoJsonOf(KNOWN)).not.toHaveProperty(name);
});

it("what a daemon says of itself comes back as it was", () => {
  const said = { ID: "abc", Name: "machine", Driver: "btrfs", CgroupDriver: "systemd", CgroupVersion: "2" };
  expect(infoJsonOf(infoOf(said))).toMatchObject(said);
});

it("containers are counted by how they are", () => {
  const statuses = ["running", "restarting", "paused", "created", "exited", "exited"] as const;
  expect(countsOf(statuses.map((status) => ({ status })))).toEqual({
    ...{ Containers: 6, ContainersRunning: 2, ContainersPaused: 1, ContainersStopped: 3 },
  });
});
