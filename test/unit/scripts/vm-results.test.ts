/** What is known of a virtual machine that was switched off in the middle. */
import { rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readResults, summaryOf } from "../../../scripts/vm/results.mjs";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-vm-results-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

const test = (fullName: string, status: string, ...failureMessages: string[]) => ({ fullName, status, failureMessages });
const result = (name: string, ...assertionResults: object[]) => ({
  result: { name, status: "passed", seconds: 3, message: "", assertionResults },
});

function told(...lines: readonly (object | string)[]) {
  const file = path.join(directory, "results");
  writeFileSync(file, lines.map((line) => (typeof line === "string" ? line : `${JSON.stringify(line)}\n`)).join(""));
  return readResults(file);
}

it("what has ended is told, and what has not is named", () => {
  const steps = told(
    { begin: "quickstart" },
    { end: 0 },
    { begin: "root" },
    { files: ["a.test.ts", "b.test.ts", "c.test.ts"] },
    result("b.test.ts", test("it works", "passed"), test("it fails", "failed", "Error: no\n  at x"), test("it waits", "pending")),
    JSON.stringify(result("c.test.ts")).slice(0, 30),
  );
  expect(
    [...steps].map(([name, step]) =>
      summaryOf(name, step)
        .split("\n")
        .map((line) => line.replace(/ +/g, " ").trim()),
    ),
  ).toEqual([
    ["-- quickstart passed"],
    [
      "-- root did not end",
      "b.test.ts 1 passed, 1 failed, 1 skipped (3 s)",
      "FAILED it fails",
      "Error: no",
      "at x",
      "a.test.ts did not end",
      "c.test.ts did not end",
    ],
  ]);
});

it("a file that failed outside of its tests says why", () => {
  const { result: failed } = result("a.test.ts");
  const step = told({ begin: "root" }, { files: ["a.test.ts"] }, { result: { ...failed, message: "Error: no daemon" } }, { end: 1 }).get(
    "root",
  )!;
  expect(summaryOf("root", step)).toMatch(
    /^-- root failed \(1\)\na\.test\.ts +0 passed, 0 failed, 0 skipped \(3 s\)\nFAILED a\.test\.ts\n +Error: no daemon$/,
  );
});

it("a machine that told nothing has no steps", () => {
  expect(told().size).toBe(0);
});
