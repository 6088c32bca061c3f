// The files of a vitest result in which something failed, relative to here, one line. Fails where the run failed for another reason than a file.
// usage: node failed-files.mjs RESULTS.json
import { readFileSync } from "node:fs";
import { relative } from "node:path";

const { testResults } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
const failed = testResults.filter(({ status }) => status === "failed").map(({ name }) => relative("", name));
if (failed.length === 0) process.exit(1);
console.log(failed.join(" "));
