/** Full disks, read-only stores and hostile archives: a clear error each, and nothing half-done. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { type Header, type Pack, pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { busyboxRootfs, ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { outputOf } from "../fixtures/output.js";
import { mountSmallDisk } from "../fixtures/small-disk.js";

type Entry = Partial<Header> & Pick<Header, "name">;

const MIB = 1 << 20;

/** The package's types leave open what it streams. */
const bytesOf = (tar: Pack): AsyncIterable<Uint8Array> => tar as AsyncIterable<Uint8Array>;

describe("a full disk", () => {
  it("ends an import with DISK_FULL; what was there stays, and there is room again", async () => {
    using disk = mountSmallDisk(8 * MIB);
    await using engine = await openEngine({ home: disk.directory });
    await ensureBusyboxImage(engine);
    const large = pack();
    large.entry({ name: "large" }, Buffer.alloc(16 * MIB, 1));
    large.finalize();
    await expect(engine.images.import(bytesOf(large), { reference: "large" })).rejects.toMatchObject({ code: "DISK_FULL" });
    expect((await engine.images.list()).map(({ references }) => references)).toEqual([["busybox:latest"]]);
    expect((await readdir(path.join(disk.directory, "layers"))).length).toBe(1);
    expect(await outputOf(engine, { image: "busybox", command: ["echo", "works"] })).toBe("works\n");
  });

  it("ends a copy with DISK_FULL, and not with a word against the archive", async () => {
    using disk = mountSmallDisk(8 * MIB);
    await using engine = await openEngine({ home: disk.directory });
    await ensureBusyboxImage(engine);
    const { id } = await engine.containers.create({ image: "busybox", command: ["sleep", "60"] });
    await engine.containers.start(id);
    const large = pack();
    large.entry({ name: "large" }, Buffer.alloc(16 * MIB, 1));
    large.finalize();
    await expect(engine.containers.copyIn(id, bytesOf(large), { path: "/tmp" })).rejects.toMatchObject({ code: "DISK_FULL" });
  });

  it("is the program's own affair when a container fills it, and the container can be removed", async () => {
    using disk = mountSmallDisk(8 * MIB);
    await using engine = await openEngine({ home: disk.directory });
    await ensureBusyboxImage(engine);
    const output = await outputOf(engine, { image: "busybox", command: ["sh", "-c", "dd if=/dev/zero of=/fill bs=1M 2>&1; echo $?"] });
    expect(output).toContain("No space left on device");
    // Its files are removed behind its back.
    await expect
      .poll(() => outputOf(engine, { image: "busybox", command: ["echo", "works again"] }).catch((error: Error) => error.message))
      .toBe("works again\n");
  });
});

describe("a store that can't be written to", () => {
  it("is named, with the way out", async () => {
    using disk = mountSmallDisk(8 * MIB);
    disk.makeReadonly();
    await using engine = await openEngine({ home: path.join(disk.directory, "home") });
    for (const attempt of [() => engine.ping(), () => engine.images.import(Readable.from([Buffer.alloc(1024)]), { reference: "any" })]) {
      await expect(attempt()).rejects.toMatchObject({ code: "STORE_UNWRITABLE", remedy: expect.stringContaining("CAISSON_HOME") });
    }
  });

  it("still gives what it has", async () => {
    using disk = mountSmallDisk(8 * MIB);
    {
      await using engine = await openEngine({ home: disk.directory });
      await ensureBusyboxImage(engine);
    }
    disk.makeReadonly();
    await using engine = await openEngine({ home: disk.directory });
    expect((await engine.images.inspect("busybox")).references).toEqual(["busybox:latest"]);
    await expect(engine.images.tag("busybox", "other")).rejects.toMatchObject({ code: "STORE_UNWRITABLE" });
  });
});

describe("a hostile archive", () => {
  let scratch: string;
  let engine: Engine;

  beforeAll(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), "caisson-hostile-"));
    engine = await openEngine({ home: path.join(scratch, "home") });
  });

  afterAll(async () => {
    await engine?.close();
    await rm(scratch, { recursive: true, force: true });
  });

  async function importEntries(...entries: readonly (readonly [Entry, string?])[]): Promise<unknown> {
    const tar = pack();
    for (const [header, content = ""] of entries) tar.entry(header, content);
    tar.finalize();
    return engine.images.import(bytesOf(tar), { reference: "hostile" });
  }

  const untouched = async (): Promise<void> => {
    expect(await readdir(scratch)).toEqual(["home"]);
    expect((await engine.images.list()).map(({ references }) => references)).toEqual([]);
    expect(await readdir(path.join(scratch, "home", "layers"))).toEqual([]);
  };

  it.each([
    ["a name that leads out", [[{ name: "../../escaped" }, "x"]], "../../escaped"],
    ["a name that leads out on a detour", [[{ name: "a/../../escaped" }, "x"]], "a/../../escaped"],
    [
      "a file below a link to a directory that only the host has",
      [[{ name: "out", type: "symlink", linkname: "/tmp" }], [{ name: "out/escaped" }, "x"]],
      "out/escaped",
    ],
    ["a hard link to a file outside", [[{ name: "link", type: "link", linkname: "../../../etc/passwd" }]], "link"],
    ["a hard link to what is not there", [[{ name: "link", type: "link", linkname: "etc/passwd" }]], "link"],
    ["a whiteout of nothing", [[{ name: ".wh." }, ""]], ".wh."],
    ["a whiteout that leads out", [[{ name: ".wh..." }, ""]], ".wh..."],
  ] as const)("%s is refused by name", async (_, entries, entry) => {
    await expect(importEntries(...(entries as unknown as [Entry, string?][]))).rejects.toMatchObject({
      code: "LAYER_INVALID",
      facts: { entry },
    });
    await untouched();
  });

  it("one that stops in the middle is refused", async () => {
    const rootfs = await busyboxRootfs();
    await expect(
      engine.images.import(Readable.from([rootfs.subarray(0, rootfs.length / 2)]), { reference: "hostile" }),
    ).rejects.toMatchObject({
      code: "LAYER_INVALID",
    });
    await untouched();
  });

  it("absolute names, symlinked parents and devices stay inside", async () => {
    const before = await readFile("/etc/passwd", "utf8");
    const rootfs = pack();
    rootfs.entry({ name: "/absolute" }, "inside");
    rootfs.entry({ name: "etc", type: "directory" });
    rootfs.entry({ name: "out", type: "symlink", linkname: "/etc" });
    rootfs.entry({ name: "out/passwd" }, "inside");
    rootfs.entry({ name: "up", type: "symlink", linkname: "../../../../.." });
    rootfs.entry({ name: "up/tmp-escaped" }, "inside");
    rootfs.entry({ name: "null", type: "character-device", devmajor: 1, devminor: 3, mode: 0o666 });
    rootfs.entry({ name: "hard", type: "link", linkname: "/absolute" });
    rootfs.finalize();
    const busybox = await ensureBusyboxImage(engine, "base");
    const image = await engine.images.import(bytesOf(rootfs), { reference: "contained" });
    expect(await readFile("/etc/passwd", "utf8")).toBe(before);
    const layer = path.join(scratch, "home", "layers", image.layers[0]!.replace("sha256:", ""), "diff");
    expect((await readdir(layer)).sort()).toEqual(expect.arrayContaining(["absolute", "hard", "null"]));
    expect(await readFile(path.join(layer, "absolute"), "utf8")).toBe("inside");
    expect(await readFile(path.join(layer, "etc", "passwd"), "utf8")).toBe("inside");
    await engine.images.remove("contained");
    await engine.images.remove(busybox.id);
  });
});
