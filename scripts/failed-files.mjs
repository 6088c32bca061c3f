// The files in which something failed, relative to here, one line. Fails where the run failed for another reason than a file.
// usage: node failed-files.mjs RESULTS.json (of results-reporter.mjs)
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { NO_FILE } from "./results-reporter.mjs";

const { testResults } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
const failed = testResults.filter(({ status }) => status === "failed").map(({ name }) => name);
if (failed.length === 0 || failed.includes(NO_FILE)) process.exit(1);
console.log(failed.map((name) => relative("", name)).join(" "));
