import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { extract, pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { wholeTar } from "../../../../src/engine/server/whole-tar.js";

async function tarOf(content: string): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: "file" }, content);
  tar.finalize();
  return buffer(tar);
}

const through = (bytes: Buffer): Promise<Buffer> => buffer(wholeTar(Readable.from([bytes.subarray(0, 100), bytes.subarray(100)])));

describe("a tar without its end", () => {
  it("gets one", async () => {
    const whole = await tarOf("content");
    const mended = await through(whole.subarray(0, 512 + "content".length));
    expect(mended.equals(whole)).toBe(true);
    const names: string[] = [];
    for await (const entry of Readable.from([mended]).pipe(extract())) {
      names.push(entry.header.name);
      entry.resume();
    }
    expect(names).toEqual(["file"]);
  });

  it("is left alone where it has one, or is none", async () => {
    for (const bytes of [await tarOf("content"), gzipSync(await tarOf("content")), Buffer.from("FROM busybox\n")])
      expect((await through(bytes)).equals(bytes)).toBe(true);
  });
});
