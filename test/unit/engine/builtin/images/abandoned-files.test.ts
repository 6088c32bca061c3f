import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeAbandoned } from "../../../../../src/engine/builtin/images/abandoned-files.js";
import { isHalfWritten } from "../../../../../src/engine/builtin/images/atomic-file.js";

const DAY_MS = 24 * 60 * 60 * 1000;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "caisson-abandoned-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function leave(name: string, ageMs: number): Promise<void> {
  const file = join(directory, name);
  await writeFile(file, "12345");
  const time = new Date(Date.now() - ageMs);
  await utimes(file, time, time);
}

const remove = (file: string): Promise<void> => rm(file, { recursive: true });

test("only what was not written to for a day goes, and counts", async () => {
  await leave("old.partial", DAY_MS + 60_000);
  await leave("new.partial", DAY_MS - 60_000);
  await leave("old.lock", 3 * DAY_MS);
  expect(await removeAbandoned(directory, (name) => !name.endsWith(".lock"), remove)).toBe(5);
  expect((await readdir(directory)).sort()).toEqual(["new.partial", "old.lock"]);
});

test("a directory goes by its own time, with all that is in it", async () => {
  await mkdir(join(directory, "load-1"));
  await leave("load-1/blob", 0);
  const time = new Date(Date.now() - 2 * DAY_MS);
  await utimes(join(directory, "load-1"), time, time);
  expect(await removeAbandoned(directory, () => true, remove)).toBe(0);
  expect(await readdir(directory)).toEqual([]);
});

test("what can't be removed stays and isn't counted; a directory that isn't there has nothing", async () => {
  await leave("old.partial", 2 * DAY_MS);
  const refuse = (): Promise<void> => Promise.reject(new Error("busy"));
  expect(await removeAbandoned(directory, () => true, refuse)).toBe(0);
  expect(await readdir(directory)).toEqual(["old.partial"]);
  expect(await removeAbandoned(join(directory, "missing"), () => true, remove)).toBe(0);
});

test("of files that are written beside their place, only those on their way", async () => {
  const blob = "a".repeat(64);
  for (const name of [blob, `${blob}.0123456789ab.tmp`, "docker.io%2Flibrary%2Fx.tmp.json"]) await leave(name, 2 * DAY_MS);
  expect(await removeAbandoned(directory, isHalfWritten, remove)).toBe(5);
  expect((await readdir(directory)).sort()).toEqual([blob, "docker.io%2Flibrary%2Fx.tmp.json"]);
});
