import { PassThrough, Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { pack } from "tar-stream";
import { expect, it } from "vitest";
import { tarEntries } from "../../../../src/engine/build-context/tar-entries.js";

async function tarOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  return buffer(tar as unknown as Readable);
}

async function namesOf(source: Readable): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of tarEntries(source)) names.push(`${entry.header.name}: ${await text(entry)}`);
  return names;
}

it("gives every entry", async () => {
  expect(await namesOf(Readable.from([await tarOf({ a: "one", b: "two" })]))).toEqual(["a: one", "b: two"]);
});

it("fails with what the source fails with, between entries and within one", async () => {
  const whole = await tarOf({ a: "one", b: "x".repeat(5000) });
  for (const length of [0, 1024, 2000]) {
    const source = new PassThrough();
    source.write(whole.subarray(0, length));
    const names = namesOf(source);
    setImmediate(() => source.destroy(new Error("the connection is gone")));
    await expect(names).rejects.toThrow("the connection is gone");
  }
});

it("does not wait for the rest of a source that closes without a word", async () => {
  const source = new PassThrough();
  const names = namesOf(source);
  source.write((await tarOf({ a: "one" })).subarray(0, 600));
  setImmediate(() => source.destroy());
  await expect(names).rejects.toThrow("cut short");
});

it("destroys a source of which no more is wanted, whose later error harms nobody", async () => {
  const source = new PassThrough({ destroy: (_, done) => void sleep(5).then(() => done(new Error("late"))) });
  source.write(await tarOf({ a: "one", b: "two" }));
  for await (const entry of tarEntries(source)) {
    expect(await text(entry)).toBe("one");
    break;
  }
  await sleep(20);
  expect(source.destroyed).toBe(true);
});
