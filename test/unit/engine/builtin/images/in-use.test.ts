import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { InUse, namesInUse } from "../../../../../src/engine/builtin/images/in-use.js";

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), "caisson-in-use-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it("names are in use from when a build says so until it ends", async () => {
  const [one, other] = [new InUse(directory), new InUse(directory)];
  one.add("a");
  one.add("b");
  one.add("a");
  other.add("b");
  expect([...(await namesInUse(directory))].sort()).toEqual(["a", "b"]);
  one.end();
  expect([...(await namesInUse(directory))]).toEqual(["b"]);
  other.end();
  expect(readdirSync(directory)).toEqual([]);
});

it("what a process said that is gone, or that has another's id, counts for nothing and goes", async () => {
  writeFileSync(path.join(directory, "4194305-1-dead"), "a\n");
  writeFileSync(path.join(directory, `${process.pid}-1-reused`), "b\n");
  expect([...(await namesInUse(directory))]).toEqual([]);
  expect(readdirSync(directory)).toEqual([]);
});

it("a directory that is not there holds nothing, and one that can't be made harms nobody", async () => {
  expect([...(await namesInUse(path.join(directory, "none")))]).toEqual([]);
  writeFileSync(path.join(directory, "file"), "");
  const build = new InUse(path.join(directory, "file/below"));
  build.add("a");
  build.end();
});
