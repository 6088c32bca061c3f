// A reporter of Vitest's that writes all results to the file $RESULTS_FILE, shaped like those of its JSON reporter, which tells neither of
// errors outside of tests (a rejection that nothing awaits, a worker that was killed) nor of files that did not end: those fail here.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const STATUSES = { passed: "passed", failed: "failed", skipped: "pending", pending: "pending" };
const OUTSIDE = "an error outside of its tests";
const UNENDED = "it did not end";
/** What stands for the file of an error that came while none ran. */
export const NO_FILE = "no file";

/** @returns what became of a file: `{ name, status, seconds, message, assertionResults }` */
export function resultOf(module) {
  const assertionResults = [...module.children.allTests()].map((test) => ({
    fullName: test.fullName,
    status: STATUSES[test.result().state],
    failureMessages: (test.result().errors ?? []).map(textOf),
  }));
  const errors = [...module.errors(), ...[...module.children.allSuites()].flatMap((suite) => suite.errors())].map(textOf);
  const state = module.state();
  if (state === "queued" || state === "pending") errors.push(UNENDED);
  const status = errors.length > 0 || state === "failed" ? "failed" : "passed";
  const seconds = Math.round(module.diagnostic().duration / 1000);
  return { name: module.moduleId, status, seconds, message: errors.join("\n"), assertionResults };
}

/**
 * @param results as of `resultOf`
 * @param errors what Vitest caught outside of tests; the file that ran is in VITEST_TEST_PATH, if its process could still tell
 * @returns the results, in which each error is a failed test: of its file, else of those that did not end, else of `NO_FILE`
 */
export function withOutsideErrors(results, errors) {
  const all = results.map((result) => ({ ...result, assertionResults: [...result.assertionResults] }));
  const unended = all.filter(({ message }) => message.includes(UNENDED)).map(({ name }) => name);
  for (const error of errors) {
    const { VITEST_TEST_PATH: file, VITEST_TEST_NAME: test } = error;
    const names = file ? [file] : unended.length > 0 ? unended : [NO_FILE];
    const failure = { fullName: test ? `${OUTSIDE}, beside "${test}"` : OUTSIDE, status: "failed", failureMessages: [textOf(error)] };
    for (const name of names) {
      const result = all.find((candidate) => candidate.name === name);
      if (result) {
        result.status = "failed";
        result.assertionResults.push(failure);
      } else {
        all.push({ name, status: "failed", seconds: 0, message: "", assertionResults: [failure] });
      }
    }
  }
  return all;
}

/** An error came here as data: its causes are what says which process ended and why. */
function textOf(error) {
  const { message, stack, cause } = error;
  const text = stack || message || String(error);
  return cause ? `${text}\nCaused by: ${textOf(cause)}` : text;
}

export default class ResultsReporter {
  onTestRunEnd(modules, errors) {
    const file = process.env["RESULTS_FILE"];
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ testResults: withOutsideErrors(modules.map(resultOf), errors) }));
  }
}
