/** The wire codec under every input that fast-check thinks of: what is written is read again, however it is cut. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeFrame, Fields, FieldWriter, FrameReader } from "../../../../../src/engine/builtin/supervisor/codec.js";

const tag = fc.integer({ min: 1, max: 0xffff });
const u64 = fc.bigInt({ min: 0n, max: (1n << 53n) - 1n });
const field = fc.tuple(tag, fc.uint8Array({ maxLength: 2000 }));

it("bytes come back by their tag, the first of several", () => {
  fc.assert(
    fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
      const writer = new FieldWriter(8);
      for (const [name, value] of fields) writer.bytes(name, value);
      const read = new Fields(writer.finish());
      for (const [name] of fields) {
        const [, first] = fields.find(([other]) => other === name)!;
        expect(Buffer.compare(read.bytes(name) ?? Buffer.alloc(0), Buffer.from(first))).toBe(0);
      }
    }),
  );
});

it("texts and integers come back as they were", () => {
  fc.assert(
    fc.property(tag, fc.string({ unit: "grapheme" }), u64, (name, text, number) => {
      fc.pre(!text.includes("\0"));
      const other = name === 1 ? 2 : 1;
      const read = new Fields(new FieldWriter().text(name, text).u64(other, number).finish());
      expect([read.text(name), read.u64(other)]).toEqual([text, Number(number)]);
    }),
  );
});

it("refuses a string that C would cut short", () => {
  expect(() => new FieldWriter().text(1, "a\0b")).toThrow(TypeError);
});

it("frames are found again however the stream is cut", () => {
  const frame = fc.record({ id: fc.integer({ min: 0, max: 0xffff_ffff }), kind: tag, body: fc.uint8Array({ maxLength: 300 }) });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1 }), (frames, cuts) => {
      const stream = Buffer.concat(frames.map(({ id, kind, body }) => encodeFrame(id, kind, Buffer.from(body))));
      const reader = new FrameReader();
      const found = [];
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const end = at + cuts[turn % cuts.length]!;
        found.push(...reader.push(stream.subarray(at, end)));
        at = end;
      }
      expect(found.map(({ id, kind, body }) => ({ id, kind, body: [...body] }))).toEqual(
        frames.map(({ id, kind, body }) => ({ id, kind, body: [...body] })),
      );
    }),
  );
});
