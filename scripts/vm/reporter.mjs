// A reporter of Vitest's that tells what became of each file as soon as it has ended, a line of JSON each, to $RESULTS: the way out of the
// virtual machine, which may be switched off at any moment. First come the names of all files.
import { appendFileSync } from "node:fs";
import { relative } from "node:path";

const STATUSES = { passed: "passed", failed: "failed", skipped: "pending", pending: "pending" };
const textOf = ({ message, stack }) => stack || message;
const nameOf = (path) => relative("", path);
const tell = (line) => appendFileSync(process.env["RESULTS"], `${JSON.stringify(line)}\n`);

export default class LineReporter {
  onTestRunStart(specifications) {
    tell({ files: specifications.map(({ moduleId }) => nameOf(moduleId)) });
  }

  /** What it tells is shaped like a result of Vitest's JSON reporter. */
  onTestModuleEnd(module) {
    const assertionResults = [...module.children.allTests()].map((test) => ({
      fullName: test.fullName,
      status: STATUSES[test.result().state],
      failureMessages: (test.result().errors ?? []).map(textOf),
    }));
    const errors = [...module.errors(), ...[...module.children.allSuites()].flatMap((suite) => suite.errors())];
    const status = module.state() === "failed" ? "failed" : "passed";
    const seconds = Math.round(module.diagnostic().duration / 1000);
    tell({ result: { name: nameOf(module.moduleId), status, seconds, message: errors.map(textOf).join("\n"), assertionResults } });
  }
}
