/** Saving and loading images, with skopeo as a second opinion. */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { run } from "../fixtures/command.js";
import { outputOf } from "../fixtures/output.js";

let scratch: string;
let source: Engine;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "caisson-archives-"));
  source = await openEngine({ home: path.join(scratch, "source") });
  await ensureBusyboxImage(source);
});

afterAll(async () => {
  await source?.close();
  await rm(scratch, { recursive: true, force: true });
});

async function freshEngine(): Promise<Engine> {
  return openEngine({ home: await mkdtemp(path.join(scratch, "home-")) });
}

it.each(["docker", "oci"] as const)("an archive in %s form is loaded as the image that was saved", async (format) => {
  await using target = await freshEngine();
  const loaded = await target.images.load(await source.images.save(["busybox"], { format }));
  expect(loaded).toEqual([{ id: (await source.images.inspect("busybox")).id, references: ["busybox:latest"] }]);
  expect(await outputOf(target, { image: "busybox", command: ["echo", "works"] })).toBe("works\n");
  expect(await readdir(path.join((await target.info()).root!, "images", "ingest"))).toEqual([]);
});

it.each(["docker-archive", "oci-archive"])("skopeo reads what is written here, and its %s is read here", async (transport) => {
  const ours = path.join(scratch, `ours-${transport}.tar`);
  const theirs = path.join(scratch, `theirs-${transport}.tar`);
  await pipeline(await source.images.save(["busybox"]), createWriteStream(ours));
  await run("skopeo", ["copy", "-q", "--insecure-policy", `docker-archive:${ours}`, `${transport}:${theirs}:example.test/copied:1`]);
  await using target = await freshEngine();
  const [image] = await target.images.load(createReadStream(theirs));
  expect(image?.references).toEqual(["example.test/copied:1"]);
  expect(await outputOf(target, { image: "example.test/copied:1", command: ["echo", "works"] })).toBe("works\n");
});

it("a committed container brings its changes along", async () => {
  const script = "echo new >/file; ln /file /link; rm /etc/group; mkdir -m 1777 /sticky";
  const { id } = await source.containers.create({ image: "busybox", command: ["sh", "-c", script] });
  await source.containers.start(id);
  await source.containers.wait(id);
  const committed = await source.containers.commit(id, { reference: "changed" });
  await using target = await freshEngine();
  const [image] = await target.images.load(await source.images.save(["changed"]));
  expect(image?.id).toBe(committed.id);
  const show = "cat /link; stat -c '%h' /file; stat -c '%a' /sticky; ls /etc";
  expect(await outputOf(target, { image: "changed", command: ["sh", "-c", show] })).toBe(
    "new\n2\n1777\nhostname\nhosts\npasswd\nresolv.conf\n",
  );
});

it("images that share layers are saved together", async () => {
  await source.images.tag("busybox", "second:1");
  await using target = await freshEngine();
  const loaded = await target.images.load(await source.images.save(["busybox", "second:1"]));
  expect(loaded.flatMap(({ references }) => references).sort()).toEqual(["busybox:latest", "second:1"]);
});

const somethingElse = pack();
somethingElse.entry({ name: "readme" }, "hello");
somethingElse.finalize();

it.each([
  ["no tar", Readable.from([Buffer.from("x".repeat(2000))]), "IMAGE_ARCHIVE_INVALID"],
  ["one that was cut short", Readable.from([gzipSync(Buffer.alloc(5000, 1)).subarray(0, 20)]), "LAYER_INVALID"],
  ["a tar of something else", somethingElse as unknown as Readable, "IMAGE_ARCHIVE_INVALID"],
])("an archive is refused that is %s", async (_, archive, code) => {
  await using target = await freshEngine();
  await expect(target.images.load(archive)).rejects.toMatchObject({ code });
  expect(await target.images.list()).toEqual([]);
});
