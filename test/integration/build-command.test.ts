/** `caisson build` and its checks, as a process of its own. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type CommandLine, commandLine } from "../fixtures/command-line.js";

let scratch: string;
let caisson: CommandLine;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "caisson-build-"));
  caisson = commandLine(path.join(scratch, "home"), { CAISSON_OFFLINE: "1" });
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

let counter = 0;
async function context(dockerfile: string): Promise<string> {
  const place = path.join(scratch, `context-${++counter}`);
  await mkdir(place);
  await writeFile(path.join(place, "Dockerfile"), dockerfile);
  return place;
}

const HARMLESS = 'FROM scratch\nENV a=b\nCMD ["x"]\n';
const TWO = "FROM scratch as x\nENV a b\n";

it("--check of a Dockerfile with nothing to find", async () => {
  expect(await caisson.run(["build", "--check", await context(HARMLESS)])).toEqual({
    code: 0,
    stdout: "Check complete, no warnings found.\n",
    stderr: "",
  });
});

it("--check prints what it finds, and builds nothing", async () => {
  const { code, stdout, stderr } = await caisson.run(["build", "--check", "-t", "never", await context(TWO)]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  expect(stdout).toMatch(/^Check complete, 2 warnings have been found!\n\nWARNING: FromAsCasing - https:.*\n'as' and 'FROM' keywords/);
  expect(stdout).toContain("Dockerfile:2\n--------------------\n   1 |     FROM scratch as x\n   2 | >>> ENV a b\n--------------------\n");
  expect(JSON.parse((await caisson.run(["images", "--json"])).stdout)).toEqual([]);
});

it("--check prints what stands before a mistake, then the mistake", async () => {
  const { code, stdout, stderr } = await caisson.run(["build", "--check", await context("FROM scratch as x\nBAD\n")]);
  expect(code).toBe(1);
  expect(stdout).toContain("1 warning has been found!");
  expect(stderr).toContain("Dockerfile:2:1: unknown instruction: BAD");
  expect(await caisson.run(["build", "--check", await context("BAD\n")])).toMatchObject({ code: 1, stdout: "" });
});

it("--check names the rules of a Dockerfile that wants none broken", async () => {
  const { code, stderr } = await caisson.run(["build", "--check", await context(`# check=error=true\n${TWO}`)]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: "Dockerfile: lint violation found for rules: FromAsCasing, LegacyKeyValueFormat\n",
  });
});

it("--check reads a Dockerfile from the standard input, and heeds build arguments and the target", async () => {
  const stages = "FROM scratch AS a\nENV a b\nFROM scratch as b\n";
  const { stdout } = await caisson.run(
    ["build", "--check", "--target", "a", "--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=FromAsCasing", "-"],
    stages,
  );
  expect(stdout).toMatch(/1 warning has been found!\n\nWARNING: LegacyKeyValueFormat/);
});

it("--check is machine-readable", async () => {
  const place = await context(`${TWO}BAD\n`);
  const { code, stdout } = await caisson.run(["build", "--check", "--json", place]);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    warnings: [{ rule: "FromAsCasing", line: 1, url: expect.stringContaining("/from-as-casing/"), excerpt: { firstLine: 1 } }],
    error: { code: "DOCKERFILE_INVALID", facts: { line: 3 } },
  });
  const { stdout: result, stderr: events } = await caisson.run(["build", "--check", "--progress=json", place]);
  expect(JSON.parse(result)).toEqual(JSON.parse(stdout));
  expect(
    events
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ type: "warning", warning: { rule: "FromAsCasing" } }]);
  expect(JSON.parse((await caisson.run(["build", "--check", "--json", await context(HARMLESS)])).stdout)).toEqual({ warnings: [] });
});

it("--check has nothing to write out", async () => {
  expect(await caisson.run(["build", "--check", "-o", "x", await context(HARMLESS)])).toMatchObject({ code: 2 });
});

it("--check asks no registry for an image that no check depends on", async () => {
  expect(await caisson.run(["build", "--check", await context('FROM not/here\nARG v\nLABEL a=$v\nCMD ["x"]\n')])).toMatchObject({
    code: 0,
  });
  const { code, stdout, stderr } = await caisson.run(["build", "--check", await context("FROM not/here as x\nLABEL a=$v\n")]);
  expect(code).toBe(1);
  expect(stdout).toContain("1 warning has been found!");
  expect(stderr).toContain("Dockerfile:1: There is no image not/here:latest here, and CAISSON_OFFLINE forbids to ask docker.io");
});

it("a build ends with what its checks found", async () => {
  const place = await context(TWO);
  const { code, stdout, stderr } = await caisson.run(["build", place]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  expect(stderr).toContain("WARN: FromAsCasing: 'as' and 'FROM' keywords' casing do not match (Dockerfile:1)\n");
  expect(stderr).toMatch(
    /\n 2 warnings found:\n - FromAsCasing: .* \(line 1\)\nThe 'as' keyword .*\nMore info: https:.*\nDockerfile:1\n---/,
  );
  expect((await caisson.run(["build", "--quiet", place])).stderr).toBe("");
  const { stdout: json } = await caisson.run(["build", "--json", place]);
  expect(JSON.parse(json)).toMatchObject({
    image: { id: expect.stringMatching(/^sha256:/) },
    warnings: [{ rule: "FromAsCasing" }, { rule: "LegacyKeyValueFormat" }],
  });
});

it("a build that wants no rule broken does not begin", async () => {
  const { code, stdout, stderr } = await caisson.run(["build", await context(`# check=error=true\n${TWO}`)]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain("Dockerfile: lint violation found for rules: FromAsCasing, LegacyKeyValueFormat");
});
