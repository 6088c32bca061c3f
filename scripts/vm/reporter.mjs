// A reporter of Vitest's that tells what became of each file as soon as it has ended, a line of JSON each, to $RESULTS: the way out of the
// virtual machine, which may be switched off at any moment. First come the names of all files.
import { appendFileSync } from "node:fs";
import { relative } from "node:path";
import { NO_FILE, resultOf, withOutsideErrors } from "../results-reporter.mjs";

const nameOf = (path) => (path === NO_FILE ? path : relative("", path));
const tell = (line) => appendFileSync(process.env["RESULTS"], `${JSON.stringify(line)}\n`);

export default class LineReporter {
  onTestRunStart(specifications) {
    tell({ files: specifications.map(({ moduleId }) => nameOf(moduleId)) });
  }

  onTestModuleEnd(module) {
    this.#tell(resultOf(module));
  }

  onTestRunEnd(_modules, errors) {
    for (const result of withOutsideErrors([], errors)) this.#tell(result);
  }

  #tell(result) {
    tell({ result: { ...result, name: nameOf(result.name) } });
  }
}
