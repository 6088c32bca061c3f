/** Waiting for room in a stream. */
import { PassThrough, Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { drained } from "../../../src/engine/drained.js";

const full = () => {
  const stream = new PassThrough({ highWaterMark: 1 });
  expect(stream.write("more than one")).toBe(false);
  return stream;
};

it("waits for who reads, and listens no longer", async () => {
  const stream = full();
  for (let round = 0; round < 20; round++) {
    let over = false;
    const wait = drained(stream).then(() => {
      over = true;
    });
    await turn();
    expect(over).toBe(false);
    stream.read();
    await wait;
    expect([stream.listenerCount("drain"), stream.listenerCount("close")]).toEqual([0, 0]);
    stream.write("again");
  }
});

it("ends with the stream, also with one that has ended before", async () => {
  const stream = full();
  const wait = drained(stream);
  stream.destroy();
  await wait;
  await drained(stream);
});

it("does not wait for room that is there", async () => {
  await drained(new Writable({ write: (_chunk, _encoding, next) => next() }));
});
