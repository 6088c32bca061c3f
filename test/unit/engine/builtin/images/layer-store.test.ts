import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LayerStore } from "../../../../../src/engine/builtin/images/layer-store.js";
import type { LayerTools } from "../../../../../src/engine/builtin/images/layer-tools.js";

let scratch: string;
let packed: string[];
let store: LayerStore;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "caisson-layers-"));
  packed = [];
  store = new LayerStore(join(scratch, "layers"), {
    pack: async (directory: string) => {
      packed.push(directory);
      const tar = pack();
      for (const name of await readdir(directory)) tar.entry({ name, mtime: new Date(0) }, "content");
      tar.finalize();
      return tar;
    },
    removeTree: (path: string) => rm(path, { recursive: true, force: true }),
  } as unknown as LayerTools);
});

afterEach(() => rm(scratch, { recursive: true, force: true }));

async function directory(name: string, ...files: string[]): Promise<string> {
  const path = join(scratch, name);
  await mkdir(path);
  for (const file of files) await writeFile(join(path, file), "content");
  return path;
}

describe("adopting a directory as a layer", () => {
  it("packs the first one that is empty, and knows the next by that", async () => {
    const first = await store.adopt(await directory("a"));
    expect(packed).toHaveLength(1);
    expect(await store.metadata(first)).toMatchObject({ tarSize: 1024, bytes: 0 });
    expect((await stat(store.path(first))).isDirectory()).toBe(true);

    expect(await store.adopt(await directory("b"))).toBe(first);
    expect(packed).toHaveLength(1);
    expect(await store.list()).toEqual([first]);
  });

  it("packs one with files, whatever is there", async () => {
    const empty = await store.adopt(await directory("a"));
    const full = await store.adopt(await directory("b", "file"));
    expect(full).not.toBe(empty);
    expect(packed).toHaveLength(2);
    expect(await readdir(store.path(full))).toEqual(["file"]);
  });

  it("makes the empty layer again once it was removed", async () => {
    const empty = await store.adopt(await directory("a"));
    await (await store.detach(empty))();
    expect(await store.adopt(await directory("b"))).toBe(empty);
    expect(packed).toHaveLength(2);
    expect(await store.metadata(empty)).toBeDefined();
  });

  it("does neither once the build was told to stop", async () => {
    await store.adopt(await directory("a"));
    await expect(store.adopt(await directory("b"), {}, AbortSignal.abort())).rejects.toMatchObject({ code: "ABORTED" });
  });
});
