/** Columns of `compose ps`. */
import { expect, it } from "vitest";
import { stateColumns } from "../../../src/cli/commands/compose-views.js";

it.each([
  ["Up 3 minutes (healthy)", 0],
  ["Exited (137) 2 hours ago", 137],
  ["Restarting (2) 1 second ago", 2],
  ["Created", 0],
])("%s: exit code", (statusText, ExitCode) => {
  expect(stateColumns({ statusText, ports: [] })).toEqual({ ExitCode, Publishers: [] });
});

it("ports are objects, with docker's names", () => {
  const ports = [{ hostIp: "127.0.0.1", hostPort: 8080, containerPort: 80, protocol: "tcp" as const }];
  expect(stateColumns({ statusText: "Up 1 second", ports }).Publishers).toEqual([
    { URL: "127.0.0.1", TargetPort: 80, PublishedPort: 8080, Protocol: "tcp" },
  ]);
});
