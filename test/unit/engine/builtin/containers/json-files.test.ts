import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { JsonFiles } from "../../../../../src/engine/builtin/containers/kept/json-files.js";

let directory: string;
let place: string;
let files: JsonFiles;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-json-"));
  place = path.join(directory, "kept");
  files = new JsonFiles(place);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

it("has what was said last, and nothing that was forgotten", async () => {
  const large = "x".repeat(10_000); // written by another thread
  const saves = [1, 2, 3].map((count) => files.save("one", () => ({ count, large })));
  await Promise.all([...saves, files.save("two", () => ({})), files.forget("two"), files.save("three", () => undefined)]);
  expect(await files.load()).toEqual({ contents: [{ count: 3, large }], problems: [] });
  expect(await readdir(place)).toEqual(["one.json"]);
});

it("names what is broken, and reads the rest", async () => {
  await mkdir(place);
  await writeFile(path.join(place, "bad.json"), "{");
  await files.save("good", () => ({ good: true }));
  expect(await files.load()).toEqual({ contents: [{ good: true }], problems: [expect.stringContaining("bad.json: ")] });
});

it("tells a directory that can't be read from one that is not there", async () => {
  expect(await files.load()).toEqual({ contents: [], problems: [] });
  await writeFile(place, "");
  expect(await files.load()).toEqual({ contents: [], problems: [expect.stringContaining(`${place}: ENOTDIR`)] });
});
