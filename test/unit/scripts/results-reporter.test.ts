/** What the results of a run tell of what went wrong beside its tests. */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { NO_FILE, type Result, withOutsideErrors } from "../../../scripts/results-reporter.mjs";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-results-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

/** Runs test files by Vitest, each of one text, as the test command does. */
function run(files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(directory, name), text);
  const results = path.join(directory, "out", "results.json");
  const vitest = path.resolve("node_modules/vitest/vitest.mjs");
  const reporter = path.resolve("scripts/results-reporter.mjs");
  const flags = ["run", "--root", directory, "--globals", "--pool=forks", `--reporter=${reporter}`];
  const environment = { ...process.env, RESULTS_FILE: results };
  const { status } = spawnSync(process.execPath, [vitest, ...flags], { env: environment, cwd: directory });
  const { testResults } = JSON.parse(readFileSync(results, "utf8")) as { testResults: readonly Result[] };
  const failed = spawnSync(process.execPath, [path.resolve("scripts/failed-files.mjs"), results], { cwd: directory, encoding: "utf8" });
  const found = Object.fromEntries(testResults.map((result) => [path.basename(result.name), result]));
  return { status, found, again: failed.status === 0 ? failed.stdout.trim() : undefined };
}

it("a rejection that nothing awaits is a failure of the file that ran", () => {
  const { status, found, again } = run({
    "fine.test.js": 'test("fine", () => {});',
    "rejects.test.js": `test("passes", async () => {
      Promise.reject(new Error("nobody asked", { cause: new Error("the reason") }));
      await new Promise((resolve) => setTimeout(resolve, 50));
    });`,
  });
  expect(status).toBe(1);
  expect(found["fine.test.js"]?.status).toBe("passed");
  const rejecting = found["rejects.test.js"];
  expect(rejecting?.status).toBe("failed");
  expect(rejecting?.assertionResults.map((test) => [test.fullName, test.status])).toEqual([
    ["passes", "passed"],
    ['an error outside of its tests, beside "passes"', "failed"],
  ]);
  expect(rejecting?.assertionResults[1]?.failureMessages[0]).toMatch(/nobody asked.*Caused by: .*the reason/s);
  expect(again).toBe("rejects.test.js");
});

it("a file whose process was killed has failed, and why is told", () => {
  const { status, found, again } = run({
    "fine.test.js": 'test("fine", () => {});',
    "killed.test.js": `test("dies", async () => {
      process.kill(process.pid, "SIGKILL");
      await new Promise(() => {});
    });`,
  });
  expect(status).toBe(1);
  expect(found["fine.test.js"]?.status).toBe("passed");
  expect(found["killed.test.js"]).toMatchObject({ status: "failed", message: "it did not end" });
  expect(found["killed.test.js"]?.assertionResults.at(-1)?.failureMessages[0]).toMatch(/Worker exited unexpectedly/);
  expect(again).toBe("killed.test.js");
});

it("an error beside all files is a failure of none, and nothing that runs again can mend it", () => {
  const fine: Result = { name: "fine.test.js", status: "passed", seconds: 0, message: "", assertionResults: [] };
  expect(withOutsideErrors([fine], [{ message: "beside all" }])).toEqual([
    fine,
    {
      name: NO_FILE,
      status: "failed",
      seconds: 0,
      message: "",
      assertionResults: [{ fullName: "an error outside of its tests", status: "failed", failureMessages: ["beside all"] }],
    },
  ]);
});
