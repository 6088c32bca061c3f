/** Disks that take a part of what is written. */
import { expect, test } from "vitest";
import { writeAll } from "../../../../../src/engine/builtin/images/blob-ingest.js";

function diskTaking(atOnce: number, room = Number.POSITIVE_INFINITY) {
  const taken: Buffer[] = [];
  return {
    text: () => Buffer.concat(taken).toString(),
    async writev(pieces: readonly Buffer[]) {
      const bytes = Buffer.concat(pieces);
      const left = room - Buffer.concat(taken).length;
      if (left === 0) throw Object.assign(new Error("full"), { code: "ENOSPC" });
      taken.push(bytes.subarray(0, Math.min(atOnce, left)));
      return { bytesWritten: Math.min(atOnce, left, bytes.length) };
    },
  };
}

const PIECES = ["one", "", "two", "three"].map((text) => Buffer.from(text));

test.each([1, 2, 3, 4, 6, 100])("what a disk takes %d bytes at a time is written whole, in order", async (atOnce) => {
  const disk = diskTaking(atOnce);
  await writeAll(disk, PIECES);
  expect(disk.text()).toBe("onetwothree");
});

test("one that becomes full on the way says so", async () => {
  const disk = diskTaking(100, 5);
  await expect(writeAll(disk, PIECES)).rejects.toMatchObject({ code: "ENOSPC" });
  expect(disk.text()).toBe("onetw");
});

test("nothing is no write", async () => {
  const disk = diskTaking(100, 0);
  await writeAll(disk, []);
  await writeAll(disk, [Buffer.alloc(0)]);
});
