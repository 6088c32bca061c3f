/**
 * The same tour through docker's command line on dockerd and on a server of ours: exit codes, and what is printed once ids, times and
 * the like are taken out, are the same. Where they are not, the step says why.
 */
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningServer, serve } from "../../src/engine/server/serve.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { useBothBuilders } from "./newer-docker.js";
import { containers } from "./tour/containers.js";
import { builds, images, networks, system, volumes } from "./tour/others.js";
import { normalised, type Step } from "./tour/step.js";

const both = useBothBuilders("docker", async (engine) => {
  await ensureBusyboxImage(engine, "base");
  return ["base"];
});
let server: RunningServer;

beforeAll(async () => {
  server = await serve(both.engine, { address: { kind: "unix", path: path.join(both.directory, "api.sock") } });
  for (const side of ["ours", "docker's"]) await mkdir(path.join(both.directory, side));
});
afterAll(() => server?.close());

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function take(side: "ours" | "docker's", { line, unordered }: Step): Promise<Outcome> {
  const env = { ...both.env, ...(side === "ours" ? { DOCKER_HOST: server.host } : {}) };
  const child = spawn("sh", ["-c", line], { env, cwd: path.join(both.directory, side), stdio: ["ignore", "pipe", "pipe"] });
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const shown = (output: string): string => {
    const plain = normalised(output);
    return unordered === undefined ? plain : plain.split("\n").sort().join("\n");
  };
  return { code: await code, stdout: shown(stdout), stderr: shown(stderr) };
}

describe.each([
  ["containers", containers],
  ["images", images],
  ["networks", networks],
  ["volumes", volumes],
  ["the system", system],
  ["builds", builds],
] as const)("docker on %s:", (_, steps) => {
  it.each(steps.map((each) => [each.line, each] as const))("%s", async (_line, each) => {
    const [ours, theirs] = await Promise.all([take("ours", each), take("docker's", each)]);
    if (each.differs === undefined) expect(ours).toEqual(theirs);
    else {
      expect(ours.code).toBe(theirs.code);
      expect(ours).not.toEqual(theirs);
    }
  });
});
