import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { expect, it } from "vitest";
import { TarContentSize } from "../../../../../src/engine/builtin/images/tar-content-size.js";

/** In pieces of so many bytes. */
function counted(tar: Buffer, step: number): number {
  const size = new TarContentSize();
  for (let at = 0; at < tar.length; at += step) size.add(tar.subarray(at, at + step));
  return size.bytes;
}

it.each([1, 7, 511, 512, 513, 1 << 20])("counts what files have, and neither links nor records, in pieces of %i bytes", async (step) => {
  const archive = pack();
  archive.entry({ name: "d", type: "directory" });
  archive.entry({ name: "empty" }, "");
  archive.entry({ name: "one" }, "x".repeat(1000));
  archive.entry({ name: "link", type: "symlink", linkname: "one" });
  archive.entry({ name: "long".repeat(60), pax: { "SCHILY.xattr.user.a": "b".repeat(600) } }, "y".repeat(512));
  archive.finalize();
  expect(counted(await buffer(archive), step)).toBe(1512);
});

it("takes sizes from where a header has no place for them", () => {
  const header = Buffer.alloc(512);
  header.fill(0x30, 156, 157);
  header[124] = 0x80;
  header.writeBigUInt64BE(9n << 30n, 128);
  const size = new TarContentSize();
  size.add(header);
  expect(size.bytes).toBe(9 * 2 ** 30);

  const records = new TarContentSize();
  const body = Buffer.alloc(512);
  body.write("19 size=9663676416\n");
  const extended = Buffer.alloc(512);
  extended.write("00000000023\0", 124);
  extended.fill("x", 156, 157);
  const file = Buffer.alloc(512);
  file.fill("0", 156, 157);
  records.add(Buffer.concat([extended, body, file]));
  expect(records.bytes).toBe(9 * 2 ** 30);
});
