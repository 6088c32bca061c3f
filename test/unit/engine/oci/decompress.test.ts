import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { decompress } from "../../../../src/engine/oci/decompress.js";

/** "hello" and "again" as xz(1) and bzip2(1) write them: two streams behind each other, of xz with different checks. */
const XZ =
  "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAFaGVsbG8KAAAApWCX8ZT2/eAAAR4GwS+kHR+2830BAAAAAARZWv03elhaAAABaSLeNgIAIQEWAAAAdC/lowEABWFnYWluCgAAAP8ZT4YAARoGxerIeZBCmQ0BAAAAAAFZWg==";
const BZIP2 = "QlpoOTFBWSZTWcHAgOIAAAFBAAAQAkSgADDNAMNGKZcXckU4UJDBwIDiQlpoOTFBWSZTWRxjuL8AAADBAAAQIKEgADDNAMNGgLcXckU4UJAcY7i/";
const ARCHIVES = {
  gzip: gzipSync("hello\nagain\n"),
  xz: Buffer.from(XZ, "base64"),
  bzip2: Buffer.from(BZIP2, "base64"),
};

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(source: AsyncIterable<Uint8Array>): Promise<string> {
  const read: Uint8Array[] = [];
  for await (const chunk of decompress(source)) read.push(chunk);
  return Buffer.concat(read).toString();
}

it.each(Object.entries(ARCHIVES))("%s is told by its first bytes, however they come", async (_, bytes) => {
  for (const size of [1, 7, bytes.length]) expect(await read(pieces(bytes, size))).toBe("hello\nagain\n");
});

it.each(Object.entries(ARCHIVES))("%s that is cut short or damaged is refused", async (_, bytes) => {
  await expect(read(pieces(bytes.subarray(0, bytes.length - 6), 64))).rejects.toMatchObject({ code: "LAYER_INVALID" });
  const damaged = Buffer.from(bytes);
  damaged.fill(0xff, bytes.length >> 3, bytes.length >> 1);
  await expect(read(pieces(damaged, 64))).rejects.toMatchObject({ code: "LAYER_INVALID" });
});

it.each(Object.entries(ARCHIVES))("what the source of %s throws is not taken for damage", async (_, bytes) => {
  const broken = async function* (): AsyncGenerator<Buffer> {
    yield bytes.subarray(0, 20);
    throw new Error("the line went dead");
  };
  await expect(read(broken())).rejects.toThrow(/^the line went dead$/);
});

it.each(Object.entries(ARCHIVES))("a reader of %s may stop early, and begin anew", async (_, bytes) => {
  for (let time = 0; time < 3; time++) {
    for await (const chunk of decompress(pieces(bytes, 7))) {
      expect(chunk.byteLength).toBeGreaterThan(0);
      break;
    }
  }
  expect(await read(pieces(bytes, 7))).toBe("hello\nagain\n");
});

it("anything else passes unchanged", async () => {
  expect(await read(pieces(Buffer.from("plain"), 2))).toBe("plain");
  expect(await read(pieces(Buffer.alloc(0), 1))).toBe("");
});
