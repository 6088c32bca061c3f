import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Message, mapEntries, readFields, writeMessage } from "../../../../../src/engine/remote/builds/buildkit/protobuf.js";
import { decodeStatus } from "../../../../../src/engine/remote/builds/buildkit/status.js";

describe("protobuf messages", () => {
  it("come out as they went in", () => {
    const field = fc.tuple(
      fc.integer({ min: 1, max: 1000 }),
      fc.oneof(fc.bigInt({ min: 1n, max: (1n << 64n) - 1n }), fc.uint8Array({ minLength: 1, maxLength: 300 })),
    );
    fc.assert(
      fc.property(fc.array(field), (fields) => {
        const read = [...readFields(writeMessage(fields))];
        expect(read).toEqual(fields.map(([number, value]) => [number, typeof value === "bigint" ? value : Buffer.from(value)]));
      }),
    );
  });

  it("that are none end in an error or in nothing, never anywhere else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const read of [(message: Buffer) => [...readFields(message)], decodeStatus]) {
          try {
            read(Buffer.from(bytes));
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("that are cut off are refused", () => {
    const whole = writeMessage([
      [1, "text"],
      [2, 300],
      [3, Buffer.alloc(200)],
    ]);
    const ends = new Set([0, 6, 9]); // between two fields
    for (let length = 0; length < whole.length; length++) {
      const read = (): unknown => [...readFields(whole.subarray(0, length))];
      if (ends.has(length)) expect(read).not.toThrow();
      else expect(read).toThrow(RangeError);
    }
  });

  it("have numbers, texts, maps, and messages in them", () => {
    const message = new Message(
      writeMessage([[1, "first"], [1, "last"], [2, -1n], ...mapEntries(3, { a: "b", empty: "" }), [4, writeMessage([[1, "inner"]])]]),
    );
    expect(message.text(1)).toBe("last");
    expect(message.allBytes(1).map(String)).toEqual(["first", "last"]);
    expect(message.number(2)).toBe(-1);
    expect(message.map(3)).toEqual(
      new Map([
        ["a", "b"],
        ["empty", ""],
      ]),
    );
    expect(message.message(4)?.text(1)).toBe("inner");
    expect([message.text(9), message.number(9), message.message(9)]).toEqual(["", 0, undefined]);
  });
});
