import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, it } from "vitest";
import { encodePiece, PieceReader, readPieces, type StreamPiece } from "../../../../src/engine/docker-api/raw-stream.js";

const pieces = fc.array(
  fc.record({
    stream: fc.constantFrom("stdin" as const, "stdout" as const, "stderr" as const),
    data: fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  }),
);

/** Any bytes, cut anywhere. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    parts.push(bytes.subarray(at, at + size));
    at += size;
  }
  return parts;
}

it("what is encoded is read again, wherever the connection cuts it", async () => {
  await fc.assert(
    fc.asyncProperty(pieces, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), async (sent, sizes) => {
      const bytes = Buffer.concat(sent.map(({ stream, data }) => encodePiece(stream, data)));
      const whole: StreamPiece[] = [];
      for await (const piece of readPieces(Readable.from(cut(bytes, sizes)))) whole.push(piece);
      expect(whole).toEqual(sent);
    }),
  );
});

it("hands a long piece over as it comes, and knows when it broke off", () => {
  const reader = new PieceReader();
  const bytes = encodePiece("stderr", Buffer.from("abcdef"));
  expect([...reader.push(bytes.subarray(0, 10))]).toEqual([{ stream: "stderr", data: Buffer.from("ab") }]);
  expect([reader.within, reader.cut]).toEqual([true, true]);
  expect([...reader.push(bytes.subarray(10))]).toEqual([{ stream: "stderr", data: Buffer.from("cdef") }]);
  expect([reader.within, reader.cut]).toEqual([false, false]);
  expect([...reader.push(Buffer.of(1, 0, 0))]).toEqual([]);
  expect(reader.cut).toBe(true);
});

it.each([Buffer.from("plain text"), Buffer.of(1, 1, 0, 0, 0, 0, 0, 1, 65)])("refuses what is no such stream: %j", (bytes) => {
  expect(() => [...new PieceReader().push(bytes)]).toThrow(RangeError);
});
