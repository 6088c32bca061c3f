import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";
import { expect, it } from "vitest";
import { readTar, TAR_END, type TarEntry, tarHeader, tarPadding } from "../../../../src/engine/build-context/tar-stream-codec.js";

const base: TarEntry = {
  name: "a",
  type: "file",
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 1,
  link: "",
  major: 0,
  minor: 0,
  xattrs: [],
};
const CONTENT = Buffer.from("hello");
const entries: TarEntry[] = [
  { ...base, name: "dir", type: "directory", mode: 0o1777 },
  { ...base, size: CONTENT.length, uid: 3_000_000, gid: 70_000, mtime: 2 ** 33 },
  { ...base, name: `${"long/".repeat(40)}ü`, type: "symlink", link: "x".repeat(150) },
  {
    ...base,
    name: "cap",
    xattrs: [
      ["security.capability", Buffer.from([1, 0, 0, 2, 0xff, 0, 0x0a])],
      ["user.a=b%c", Buffer.from("v")],
    ],
  },
  { ...base, name: "null", type: "char", major: 1, minor: 3 },
];

function archive(): Buffer {
  const parts = entries.flatMap((entry) => [tarHeader(entry), ...(entry.size > 0 ? [CONTENT, tarPadding(entry.size)] : [])]);
  return Buffer.concat([...parts, TAR_END]);
}

it("what is written is read again, in any pieces", async () => {
  for (const size of [1, 7, 512, 100_000]) {
    const bytes = archive();
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
    const read: TarEntry[] = [];
    for await (const { entry, contents } of readTar(Readable.from(pieces))) {
      read.push(entry);
      if (entry.size > 0) expect(await buffer(Readable.from(contents))).toEqual(CONTENT);
    }
    expect(read).toEqual(entries);
  }
});

it("tar-stream reads it too", async () => {
  const names: string[] = [];
  const reader = extract();
  Readable.from([archive()]).pipe(reader as unknown as NodeJS.WritableStream);
  for await (const entry of reader) {
    names.push(entry.header.name);
    entry.resume();
  }
  expect(names).toEqual(["dir/", "a", `${"long/".repeat(40)}ü`, "cap", "null"]);
});

it("a tar that is cut short is an error", async () => {
  const read = async () => {
    for await (const { contents } of readTar(Readable.from([archive().subarray(0, 512 * 3 + 2)]))) for await (const _ of contents);
  };
  await expect(read()).rejects.toThrow("cut short");
});
