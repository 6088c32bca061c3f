/** Checks of Dockerfiles at daemons where the contract doesn't go: images that are in a registry, and those of another platform. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { BuildEvent, Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { commandLine } from "../fixtures/command-line.js";
import { startDockerd } from "../fixtures/dockerd.js";
import { startPodman } from "../fixtures/podman.js";
import { tarOf } from "../fixtures/pushed-image.js";
import { type Registry, startRegistry } from "../fixtures/registry.js";
import { mountSmallDisk } from "../fixtures/small-disk.js";
import { startWebServer } from "../fixtures/web-server.js";

const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const NATIVE = process.arch === "arm64" ? "arm64" : "amd64";
const FOREIGN = NATIVE === "arm64" ? "amd64" : "arm64";

let directory: string;
let registry: Registry;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-remote-checks-"));
  registry = await startRegistry(path.join(directory, "storage"), directory);
  await using source = await openEngine({ home: path.join(directory, "home"), engine: "builtin" });
  const manifests: object[] = [];
  for (const architecture of [NATIVE, FOREIGN]) {
    const reference = `${registry.host}/one:${architecture}`;
    const rootfs = Readable.from([await tarOf({ f: Buffer.from(architecture) })]);
    const config = { env: ["PATH=/bin", `IS_${architecture.toUpperCase()}=1`] };
    await source.images.import(rootfs, { reference, platform: `linux/${architecture}`, config });
    const { digest } = await source.images.push(reference);
    const manifest = await fetch(`http://${registry.host}/v2/one/manifests/${architecture}`, { headers: { accept: OCI_MANIFEST } });
    const size = (await manifest.arrayBuffer()).byteLength;
    manifests.push({ mediaType: OCI_MANIFEST, digest, size, platform: { os: "linux", architecture } });
  }
  const put = await fetch(`http://${registry.host}/v2/one/manifests/both`, {
    method: "PUT",
    headers: { "content-type": OCI_INDEX },
    body: JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }),
  });
  expect(put.status).toBe(201);
});

afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

describe.each([
  { name: "dockerd", start: startDockerd, asksRegistries: true },
  { name: "podman", start: startPodman, asksRegistries: false },
])("$name", ({ name, start, asksRegistries }) => {
  let daemon: { readonly host: string } & AsyncDisposable;
  let engine: Engine;

  beforeAll(async () => {
    daemon = await start(path.join(directory, name));
    engine = await openEngine({ host: daemon.host, environment: { ...process.env, DOCKER_CONFIG: directory } });
  });
  afterAll(async () => {
    await engine?.close();
    await daemon?.[Symbol.asyncDispose]();
  });

  async function check(dockerfile: string) {
    const place = await mkdtemp(path.join(directory, "context-"));
    await writeFile(path.join(place, "Dockerfile"), dockerfile);
    const events: BuildEvent[] = [];
    const { warnings, error } = await engine.images.checkBuild(place, { progress: (event) => events.push(event) });
    return { found: warnings.map(({ rule, message }) => `${rule}: ${message}`), error, events };
  }

  it("pulls an image that it lacks where a check depends on it, and nowhere else", async () => {
    const reference = `${registry.host}/one:${NATIVE}`;
    expect((await check(`FROM ${reference}\nARG v\nLABEL a=$v\nCMD ["x"]\n`)).error).toBeUndefined();
    expect(await engine.images.list()).toEqual([]);
    const { found, error, events } = await check(`FROM ${reference} AS a\nLABEL a=$IS_${NATIVE.toUpperCase()} b=$none\nFROM a\nCMD x\n`);
    expect({ found, error }).toEqual({
      found: ["UndefinedVar: Usage of undefined variable '$none'", expect.stringMatching(/^JSONArgsRecommended: /)],
      error: undefined,
    });
    expect(events).toContainEqual(expect.objectContaining({ type: "pull", reference }));
    expect((await engine.images.list()).flatMap(({ references }) => references)).toEqual([reference]);
  });

  it("is made by the command line", async () => {
    const place = await mkdtemp(path.join(directory, "context-"));
    await writeFile(path.join(place, "Dockerfile"), "FROM scratch\nENV a b\n");
    const caisson = commandLine(path.join(directory, "home"), { DOCKER_CONFIG: directory });
    const { code, stdout, stderr } = await caisson.run(["--host", daemon.host, "build", "--check", place]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout).toContain("Check complete, 1 warning has been found!\n\nWARNING: LegacyKeyValueFormat - https:");
  });

  it.runIf(process.getuid?.() === 0)("says that this host has no room for a context, and leaves nothing of it", async () => {
    using disk = mountSmallDisk(2 ** 20);
    await using web = await startWebServer();
    const tar = await tarOf({ Dockerfile: Buffer.from("FROM scratch\n"), big: Buffer.alloc(2 ** 22, "x") });
    web.files.set("/c.tar", { content: tar });
    vi.stubEnv("TMPDIR", disk.directory);
    try {
      for (const context of [{ tar: Readable.from([tar]) }, `${web.url}/c.tar`])
        await expect(engine.images.checkBuild(context)).rejects.toMatchObject({ code: "DISK_FULL" });
    } finally {
      vi.unstubAllEnvs();
    }
    expect(await readdir(disk.directory)).toEqual([]);
  });

  it("says which image can't be had, and where it is named", async () => {
    const { found, error } = await check(`FROM ${registry.host}/none:1\nENV a b\nCMD x\n`);
    expect(found).toEqual([expect.stringMatching(/^LegacyKeyValueFormat: /)]);
    expect(error).toMatchObject({ code: "IMAGE_NOT_FOUND", message: expect.stringContaining("Dockerfile:1: ") });
  });

  it("can't know an image that is a layout of this host", async () => {
    const dockerfileText = "FROM given\nENV a b\nLABEL a=$none\n";
    const { warnings, error } = await engine.images.checkBuild(directory, { dockerfileText, contexts: { given: "oci-layout:///there" } });
    expect(warnings.map(({ rule }) => rule)).toEqual(["LegacyKeyValueFormat"]);
    expect(error).toMatchObject({ code: "UNSUPPORTED", message: expect.stringContaining("Dockerfile:1: ") });
  });

  it("knows an image of another platform by what its registry has", async () => {
    const reference = `${registry.host}/one:${FOREIGN}`;
    await engine.images.pull(reference, { platform: `linux/${FOREIGN}` });
    const finding = `InvalidBaseImagePlatform: Base image ${reference} was pulled with platform "linux/${FOREIGN}", expected "linux/${NATIVE}" for current build`;
    expect(await check(`FROM ${reference}\n`)).toMatchObject({ found: asksRegistries ? [finding] : [], error: undefined });
    expect((await check(`FROM ${reference}\nLABEL a=$IS_${FOREIGN.toUpperCase()}\n`)).found).toEqual([finding]);
    expect(
      (await check(`FROM --platform=linux/${FOREIGN} ${reference} AS ${FOREIGN}\nLABEL a=$IS_${FOREIGN.toUpperCase()}\n`)).found,
    ).toEqual([]);
  });

  it("leaves its name to an image of another platform than the one that is checked against", async () => {
    const reference = `${registry.host}/one:both`;
    expect(await engine.images.pull(reference, { platform: `linux/${FOREIGN}` })).toMatchObject({ platform: `linux/${FOREIGN}` });
    const { id } = await engine.images.inspect(reference);
    const { found, error } = await check(`FROM ${reference}\nLABEL a=$IS_${NATIVE.toUpperCase()} b=$IS_${FOREIGN.toUpperCase()}\n`);
    expect({ found, error }).toEqual({ found: [expect.stringContaining(`'$IS_${FOREIGN.toUpperCase()}'`)], error: undefined });
    expect((await engine.images.inspect(reference)).id).toBe(id);
  });

  it("gets an image for each of the platforms that stages ask for", async () => {
    const reference = `${registry.host}/one:both`;
    await engine.images.remove(reference).catch(() => undefined);
    const stages = [FOREIGN, NATIVE].map(
      (each) => `FROM --platform=linux/${each} ${reference} AS ${each}\nLABEL a=$IS_${each.toUpperCase()}\n`,
    );
    expect(await check(stages.join(""))).toMatchObject({ found: [], error: undefined });
  });
});
