import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openWorkspace } from "../../../../../src/engine/builtin/build/steps/workspace.js";
import { makeBelow } from "../../../../../src/engine/builtin/containers/make-below.js";
import type { Session } from "../../../../../src/engine/builtin/containers/session.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "make-below-"));
});
afterEach(() => rm(root, { recursive: true }));

const found = async (): Promise<string[]> => (await readdir(root, { recursive: true })).sort();

it("makes a directory with places in it, and finds them there the next time", async () => {
  for (let time = 0; time < 2; time++) await makeBelow(path.join(root, "one"), ["a/b", "/a/c", "d"]);
  expect(await found()).toEqual(["one", "one/a", "one/a/b", "one/a/c", "one/d"]);
});

it("makes nothing where what the directory is in has gone", async () => {
  await expect(makeBelow(path.join(root, "gone", "one"), ["a"])).rejects.toMatchObject({ code: "ENOENT" });
  expect(await found()).toEqual([]);
});

it("a build whose session has just ended does not bring its directory back", async () => {
  const session = { directory: path.join(root, "sessions", "gone") } as Session;
  // Nothing of the others is looked at before there is a directory.
  const unused = {} as never;
  await expect(openWorkspace(session, unused, unused, undefined, unused)).rejects.toMatchObject({ code: "ENOENT" });
  expect(await found()).toEqual([]);
});
