/** A directory of files stands for a cgroup: the kernel empties and fills cgroup.procs, here nothing does. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { leaveDelegatedCgroup } from "../../../../../src/engine/builtin/containers/cgroup-leaf.js";
import type { CgroupFacts } from "../../../../../src/engine/builtin/runtime/host-facts.js";
import { UNIFIED_HOST } from "../../../../fixtures/host-facts.js";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-leaf-"));
  write("cgroup.type", "domain\n");
});

afterEach(() => rmSync(directory, { recursive: true }));

const LEAF = "caisson-processes";
const write = (name: string, data: string) => writeFileSync(path.join(directory, name), data);
const facts = (changes: Partial<CgroupFacts> = {}): CgroupFacts => ({ ...UNIFIED_HOST.cgroups, unified: directory, ...changes });
/** What a process id was written to last. */
const movedTo = () => readFileSync(path.join(directory, LEAF, "cgroup.procs"), "utf8");

it("processes of a cgroup that was delegated move to a leaf", () => {
  write("cgroup.procs", "4711\n4712\n");
  leaveDelegatedCgroup(facts());
  expect(movedTo()).toBe("4712");
});

it("a leaf that is there already is used again", () => {
  write("cgroup.procs", "4711\n");
  mkdirSync(path.join(directory, LEAF));
  leaveDelegatedCgroup(facts());
  expect(movedTo()).toBe("4711");
});

it("nothing is made where there is no process", () => {
  write("cgroup.procs", "");
  leaveDelegatedCgroup(facts());
  expect(existsSync(path.join(directory, LEAF))).toBe(false);
});

it("the root of all may have processes, and keeps them", () => {
  rmSync(path.join(directory, "cgroup.type"));
  write("cgroup.procs", "4711\n");
  leaveDelegatedCgroup(facts());
  expect(existsSync(path.join(directory, LEAF))).toBe(false);
});

it.each<Partial<CgroupFacts>>([{ version: "hybrid" }, { version: "1", unified: undefined }, { unifiedControllers: [] }])(
  "nothing moves where v2 limits nothing: %j",
  (changes) => {
    write("cgroup.procs", "4711\n");
    leaveDelegatedCgroup(facts(changes));
    expect(existsSync(path.join(directory, LEAF))).toBe(false);
  },
);

it("a leaf that can't be made, or takes nothing, is no reason to fail", () => {
  write("cgroup.procs", "4711\n");
  write(LEAF, "a file");
  leaveDelegatedCgroup(facts());
  expect(readFileSync(path.join(directory, LEAF), "utf8")).toBe("a file");
  rmSync(path.join(directory, LEAF));
  mkdirSync(path.join(directory, LEAF, "cgroup.procs"), { recursive: true });
  expect(() => leaveDelegatedCgroup(facts())).not.toThrow();
});
