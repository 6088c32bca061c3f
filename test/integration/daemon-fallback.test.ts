/** The command line where the built-in engine can't run: containers that stay are those of the daemon that docker's command would use. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { beforeAll, expect, it } from "vitest";
import { contextPaths } from "../../src/engine/remote/detection/docker-context.js";
import { useApiServer } from "../fixtures/api-server.js";
import { type CommandLine, commandLine } from "../fixtures/command-line.js";

const at = useApiServer();
let caisson: CommandLine;
const broken = (env: Readonly<Record<string, string>> = {}): CommandLine =>
  commandLine(path.join(at.directory, "other-home"), { CAISSON_SUPERVISOR: "/nonexistent", DOCKER_CONFIG: at.directory, ...env });

beforeAll(async () => {
  const { meta } = contextPaths(at.directory, "ours");
  await mkdir(path.dirname(meta), { recursive: true });
  await writeFile(meta, JSON.stringify({ Name: "ours", Endpoints: { docker: { Host: at.server.host } } }));
  caisson = broken({ DOCKER_CONTEXT: "ours" });
});

it("makes, lists, inspects and removes them there, and their volumes", async () => {
  const id = await caisson.said("run", "-d", "--name", "there", "-v", "data:/data", "busybox", "sleep", "1000");
  expect((await at.engine.containers.inspect("there")).id).toBe(id);
  expect(await caisson.said("ps", "--format", "{{.Names}}")).toBe("there");
  expect(await caisson.said("inspect", "-f", "{{.State.Status}}", "there")).toBe("running");
  expect(await caisson.said("volume", "ls", "-q")).toBe("data");
  await caisson.said("rm", "-f", "there");
  await caisson.said("volume", "rm", "data");
  expect(await at.engine.volumes.list()).toEqual([]);
});

it("says why neither can be used where there is no daemon either", async () => {
  const { code, stderr } = await broken({ DOCKER_CONTEXT: "nonesuch" }).run(["ps"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/No engine can run here\n.*builtin: supervisor: .*\n.*remote: .*nonesuch/);
});
