/** A store that is read again: whole after whatever is done with it, and damage is named. */
import { appendFile, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Engine, ImageInspect } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { busyboxRootfs, ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { commandLine } from "../fixtures/command-line.js";

let home: string;
let engine: Engine;
let image: ImageInspect;

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), "caisson-verify-"));
  engine = await openEngine({ home });
  image = await ensureBusyboxImage(engine);
});

afterEach(async () => {
  await engine.close();
  await rm(home, { recursive: true, force: true });
});

const blob = (digest: string): string => path.join(home, "images/blobs", digest.replace(":", "/"));
const layer = (diffId: string): string => path.join(home, "layers", diffId.replace("sha256:", ""));

it("is whole after an import, a build, a commit and a load", async () => {
  const tar = Readable.from([gzipSync(await busyboxRootfs())]);
  await engine.images.import(tar, { reference: "compressed" });
  const context = await mkdtemp(path.join(home, "context-"));
  await writeFile(path.join(context, "Dockerfile"), "FROM busybox\nRUN echo 1 >/one; rm /etc/group\nCOPY . /context\n");
  await engine.images.build(context, { tags: ["built"] });
  const { id } = await engine.containers.create({ image: "built", command: ["sh", "-c", "echo 2 >/two"] });
  await engine.containers.start(id);
  await engine.containers.wait(id);
  await engine.containers.commit(id, { reference: "committed" });
  await engine.images.load(await engine.images.save(["committed"]));
  const report = await engine.images.verify();
  expect(report).toMatchObject({ images: 4, problems: [] });
  expect(report.layers).toBeGreaterThanOrEqual(4);
  expect(report.bytes).toBeGreaterThan(4_000_000);
});

describe("names what is damaged", () => {
  it("a blob, and the image that it belongs to", async () => {
    await appendFile(blob(image.id), " ");
    const { problems } = await engine.images.verify();
    expect(problems).toEqual([
      { kind: "blob", name: image.id, reason: expect.stringContaining("does not match its digest") },
      { kind: "image", name: "docker.io/library/busybox:latest", reason: expect.stringContaining(image.id) },
    ]);
  });

  it("a file of a layer", async () => {
    await appendFile(path.join(layer(image.layers[0]!), "diff/etc/passwd"), "intruder:x:0:0::/:/bin/sh\n");
    const { problems } = await engine.images.verify();
    expect(problems).toEqual([
      { kind: "layer", name: image.layers[0], reason: expect.stringMatching(/^its files are others: they pack to sha256:/) },
    ]);
  });

  it("a layer that is gone", async () => {
    await rm(layer(image.layers[0]!), { recursive: true });
    const { problems } = await engine.images.verify();
    expect(problems).toEqual([
      { kind: "image", name: "docker.io/library/busybox:latest", reason: expect.stringContaining(image.layers[0]!) },
    ]);
  });

  it("what an image is called", async () => {
    const references = path.join(home, "images/references");
    const [file] = await readdir(references);
    await writeFile(path.join(references, file!), "{");
    const { problems } = await engine.images.verify();
    expect(problems).toContainEqual({ kind: "image", name: "docker.io/library/busybox:latest", reason: "what is known of it is no JSON" });
  });

  it("also by the command line, with an exit code", async () => {
    const caisson = commandLine(home);
    const whole = await caisson.run(["system", "verify"]);
    expect(whole).toMatchObject({ code: 0, stdout: expect.stringMatching(/^1 images, 1 layers and 2 blobs, .*: 0 damaged\n$/) });
    await appendFile(blob(image.id), " ");
    const { code, stdout } = await caisson.run(["system", "verify"]);
    expect([code, stdout.split("\n")[0]]).toEqual([1, expect.stringContaining(`DAMAGED blob ${image.id}: `)]);
    const json = await caisson.run(["system", "verify", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ images: 1, problems: [{ kind: "blob" }, { kind: "image" }] });
  });
});
