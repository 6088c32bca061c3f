/** Saving and loading images, with skopeo as a second opinion. */
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { sha256 } from "../../src/engine/oci/digest.js";
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

it("programs with set-id bits are out of reach for others, also in a store that was open (CVE-2021-41091)", async () => {
  const home = await mkdtemp(path.join(scratch, "home-"));
  await chmod(home, 0o755);
  await mkdir(path.join(home, "layers"), { mode: 0o755 });
  await using target = await openEngine({ home });
  const tar = pack();
  tar.entry({ name: "become-root", mode: 0o4755 }, "");
  tar.finalize();
  const { layers } = await target.images.import(Readable.from([await buffer(tar)]), { reference: "hostile" });
  const file = path.join(home, "layers", layers[0]!.replace("sha256:", ""), "diff/become-root");
  expect((await stat(file)).mode & 0o7777).toBe(0o4755);
  await chmod(scratch, 0o755);
  await expect(run("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "stat", file])).rejects.toThrow("Permission denied");
  expect((await stat(path.join(home, "layers"))).mode & 0o777).toBe(0o700);
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

type Entry = [Partial<Header> & Pick<Header, "name">, string?];

async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const [header, content = ""] of entries) tar.entry(header as Header, content);
  tar.finalize();
  return buffer(tar as unknown as Readable);
}

/** As `docker save` writes it. */
async function dockerArchive(layers: readonly Buffer[]): Promise<Readable> {
  const diffIds = layers.map((layer) => sha256(layer));
  const config = { architecture: process.arch === "arm64" ? "arm64" : "amd64", os: "linux", rootfs: { type: "layers", diff_ids: diffIds } };
  const names = layers.map((_, index) => `layer${index}.tar`);
  const files: [string, Buffer | string][] = layers.map((layer, index) => [names[index]!, layer]);
  const manifest = [{ Config: "config.json", RepoTags: ["layered:1"], Layers: names }];
  const tar = pack();
  for (const [name, content] of [["manifest.json", JSON.stringify(manifest)], ["config.json", JSON.stringify(config)], ...files] as const)
    tar.entry({ name }, content as string);
  tar.finalize();
  return tar as unknown as Readable;
}

it("directories that a layer has no entry of are what they are in the layers below", async () => {
  const directory = (name: string, mode: number, uid = 0): Entry => [
    { name, type: "directory", mode, uid, gid: uid, mtime: new Date(1_000_000_000_000) },
  ];
  const outside = await mkdtemp(path.join(scratch, "outside-"));
  await chmod(outside, 0o755);
  const layers = await Promise.all(
    [
      [
        directory("tmp", 0o1777),
        directory("opt", 0o755),
        directory("opt/app", 0o750, 7),
        directory("gone", 0o700),
        directory("late", 0o700),
        directory("escape", 0o700),
      ],
      [[{ name: "tmp/a" }], [{ name: ".wh.gone" }]],
      [
        [{ name: "tmp/b" }],
        [{ name: "opt/app/deep/er/c" }],
        [{ name: "gone/d" }],
        // The entry comes after what is in the directory, and one becomes something else.
        [{ name: "late/e" }],
        directory("late", 0o711),
        [{ name: "escape/f" }],
        [{ name: "escape", type: "symlink", linkname: outside }],
      ],
    ].map((entries) => tarOf(entries as Entry[])),
  );
  await using target = await freshEngine();
  await target.images.load(await dockerArchive(layers));
  const { layers: diffIds } = await target.images.inspect("layered:1");
  const { root } = await target.info();
  const found = async (layer: number, name: string) => {
    const { mode, uid, mtimeMs } = await stat(path.join(root!, "layers", diffIds[layer]!.slice("sha256:".length), "diff", name));
    return [(mode & 0o7777).toString(8), uid, ...(mtimeMs === 1_000_000_000_000 ? ["old"] : [])];
  };
  expect(await found(1, "tmp")).toEqual(["1777", 0, "old"]);
  expect(await found(2, "tmp")).toEqual(["1777", 0, "old"]);
  expect(await found(2, "opt/app")).toEqual(["750", 7, "old"]);
  expect(await found(2, "opt/app/deep")).toEqual(["755", 0]);
  expect(await found(2, "gone")).toEqual(["755", 0]);
  expect(await found(2, "late")).toEqual(["711", 0, "old"]);
  expect((await stat(outside)).mode & 0o7777).toBe(0o755);
});
