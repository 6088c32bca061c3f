/** A daemon whose disk is full: what needs room fails and says why, what needs none goes on, and with room again everything does. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ContainerExit, Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { Cleanup } from "../fixtures/cleanup.js";
import { type Dockerd, startDockerd } from "../fixtures/dockerd.js";
import { pushImage, tarOf } from "../fixtures/pushed-image.js";
import { startRegistry } from "../fixtures/registry.js";
import { mountSmallDisk } from "../fixtures/small-disk.js";

const MIB = 2 ** 20;
const DISK_BYTES = 48 * MIB;
/** More than there is. */
const FILL = ["dd", "if=/dev/zero", "of=/filler", "bs=64k", "count=1024"];

describe.runIf(process.getuid?.() === 0)("a daemon whose disk is full", () => {
  const cleanup = new Cleanup();
  let directory: string;
  let dockerd: Dockerd;
  let engine: Engine;
  let classic: Engine;
  let image: string;
  let saved: Buffer;
  /** One that runs, and one that never did. */
  let running: string;
  let created: string;

  const create = async (command: readonly string[]): Promise<string> => (await engine.containers.create({ image: "busybox", command })).id;
  async function exec(command: readonly string[]): Promise<ContainerExit & { readonly output: string; readonly complaint: string }> {
    const process = await engine.containers.exec(running, { command });
    const [output, complaint, exit] = await Promise.all([text(process.stdout), text(process.stderr), process.exit]);
    return { ...exit, output, complaint };
  }

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "caisson-full-"));
    cleanup.defer(() => rm(directory, { recursive: true, force: true }));
    const disk = mountSmallDisk(DISK_BYTES);
    cleanup.defer(() => disk[Symbol.dispose]());
    const registry = await startRegistry(path.join(directory, "registry"), directory);
    cleanup.defer(() => registry[Symbol.asyncDispose]());
    dockerd = await startDockerd(path.join(directory, "docker"), { dataRoot: path.join(disk.directory, "root") });
    cleanup.defer(() => dockerd[Symbol.asyncDispose]());
    engine = await openEngine({ host: dockerd.host });
    cleanup.defer(() => engine.close());
    classic = await openEngine({ host: dockerd.host, environment: { ...process.env, DOCKER_BUILDKIT: "0" } });
    cleanup.defer(() => classic.close());
    await ensureBusyboxImage(engine);
    image = `${registry.host}/image:1`;
    await pushImage(engine, image);
    await engine.images.import(Readable.from([await tarOf({ small: Buffer.from("small") })]), { reference: "saved" });
    saved = await buffer(await engine.images.save(["saved"]));
    await engine.images.remove("saved");
    await mkdir(path.join(directory, "context"));
    await writeFile(path.join(directory, "context", "Dockerfile"), "FROM busybox\nRUN echo built >/file\n");
    running = await create(["sleep", "600"]);
    await engine.containers.start(running);
    created = await create(["true"]);
    // A process is told by its own system calls.
    expect(await exec(FILL)).toMatchObject({ exitCode: 1, complaint: expect.stringContaining("No space left on device") });
  }, 90_000);

  afterAll(() => cleanup[Symbol.asyncDispose](), 90_000);

  const wantsRoom: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["a pull", () => engine.images.pull(image)],
    ["a load", () => engine.images.load(Readable.from([saved]))],
    ["an import", async () => engine.images.import(Readable.from([await tarOf({ file: Buffer.alloc(MIB) })]), { reference: "imported" })],
    ["a build", () => engine.images.build(path.join(directory, "context"))],
    ["a build by the classic builder", () => classic.images.build(path.join(directory, "context"))],
    ["a commit", () => engine.containers.commit(running)],
    ["a tag", () => engine.images.tag("busybox", "another")],
    ["a creation", () => create(["true"])],
    ["a start", () => engine.containers.start(created)],
    [
      "a copy into a container",
      async () => engine.containers.copyIn(created, Readable.from([await tarOf({ file: Buffer.alloc(MIB) })]), { path: "/" }),
    ],
    ["a network", () => engine.networks.create()],
  ];
  it.each(wantsRoom)("has none for %s, and says so", async (_, work) => {
    await expect(work()).rejects.toMatchObject({ code: "DISK_FULL", message: expect.stringContaining("Make room at the daemon") });
  });

  it("goes on with what runs, works again when there is room, and keeps nothing", async () => {
    expect(await exec(["echo", "still here"])).toMatchObject({ exitCode: 0, output: "still here\n" });
    expect(await exec(["rm", "/filler"])).toMatchObject({ exitCode: 0 });
    for (const [, work] of wantsRoom) await work();
    expect(await engine.containers.wait(created)).toMatchObject({ exitCode: 0 });
    await engine.close();
    await classic.close();
    expect(await dockerd.docker("ps", "--all", "--quiet")).toBe("");
    expect(await dockerd.docker("volume", "ls", "--quiet")).toBe("");
    expect(await dockerd.docker("network", "ls", "--filter", "type=custom", "--quiet")).toBe("");
  }, 60_000);
});
