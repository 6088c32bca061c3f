import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CaissonError, foldRepeats, isCaissonError, optionError, UnsupportedError } from "../../../src/engine/errors.js";

it("docs/errors.md has a heading for every code, in order, and no other", () => {
  const source = readFileSync("src/engine/errors.ts", "utf8");
  const table = source.slice(source.indexOf("export interface ErrorFacts"), source.indexOf("export type ErrorCode"));
  const codes = [...table.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, code]) => code);
  const headings = [...readFileSync("docs/errors.md", "utf8").matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(codes);
});

it("a message is summary, evidence and remedy, each on lines of its own", () => {
  const error = new CaissonError("DISK_FULL", "No space", { facts: { path: "/x" }, evidence: ["one", "two"], remedy: "Make room." });
  expect(error.message).toBe("No space\none\ntwo\nRemedy: Make room.");
});

it("errors of another copy of the package are told by their brand", () => {
  const foreign = Object.assign(new Error("from elsewhere"), { [Symbol.for("caisson.error")]: true, code: "DISK_FULL" });
  expect([foreign instanceof CaissonError, foreign instanceof UnsupportedError]).toEqual([true, false]);
  expect([isCaissonError(foreign, "DISK_FULL"), isCaissonError(foreign, "ABORTED"), isCaissonError(new Error("x"))]).toEqual([
    true,
    false,
    false,
  ]);
});

it("an option error shows what it got, however odd", () => {
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  expect(optionError("ports", circular, "a list").message).toContain("a value of type object");
  expect(optionError("ports", null, "a list").message).toContain("got null (null)");
  expect(optionError("kind", "x", "known", ["a", "b"]).message).toContain("Allowed: a, b");
});

it("repeated lines are folded", () => {
  expect(foldRepeats(["a", "a", "b", "a"])).toEqual(["2 × a", "b", "a"]);
});
