import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DetachWatcher, parseDetachKeys } from "../../../../src/engine/spec/detach-keys.js";

describe("keys", () => {
  it.each([
    [undefined, [0x10, 0x11]],
    ["ctrl-a,b", [1, 0x62]],
    ["ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_", [0, 27, 28, 29, 30, 31]],
    ["ctrl-Z", [26]],
    ["é", [0xc3, 0xa9]],
    ["", []],
  ])("%j", (text, bytes) => {
    expect([...parseDetachKeys(text)]).toEqual(bytes);
  });

  it.each(["ctrl-", "ctrl-1", "ab", "a,", "ctrl-aa"])("%j are none", (text) => {
    expect(() => parseDetachKeys(text)).toThrow(/ctrl-/);
  });
});

/** Feeds pieces one after the other; undefined when the keys were typed. */
function pass(keys: Buffer, pieces: readonly Uint8Array[]): Buffer | undefined {
  const watcher = new DetachWatcher(keys);
  const passed: Buffer[] = [];
  for (const piece of pieces) {
    const { pass: through, detached } = watcher.feed(piece);
    passed.push(through);
    if (detached) return undefined;
  }
  return Buffer.concat([...passed, watcher.flush()]);
}

describe("typing", () => {
  const keys = parseDetachKeys();

  it("is held back only for as long as it may be the keys", () => {
    const watcher = new DetachWatcher(keys);
    expect(watcher.feed(Buffer.from("a\x10"))).toEqual({ pass: Buffer.from("a"), detached: false });
    expect(watcher.feed(Buffer.from("\x10"))).toEqual({ pass: Buffer.from("\x10"), detached: false });
    expect(watcher.feed(Buffer.from("b"))).toEqual({ pass: Buffer.from("\x10b"), detached: false });
    expect(watcher.feed(Buffer.from("c\x10\x11d"))).toEqual({ pass: Buffer.from("c"), detached: true });
  });

  it("without the keys arrives as it was, however it is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ max: 20 })), (pieces) => {
        const typed = Buffer.concat(pieces);
        fc.pre(!typed.includes(keys));
        expect(pass(keys, pieces)).toEqual(typed);
      }),
    );
  });

  it("with the keys ends there", () => {
    expect(pass(keys, [Buffer.from("x\x10"), Buffer.from("\x11y")])).toBeUndefined();
  });
});
