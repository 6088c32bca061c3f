// The end of `npm test`: every failed test by name with the first line of its error, the phases that failed, and one closing line of counts.
// usage: node test-summary.mjs NATIVE_PASSED RESULTS.json... -- FAILED_PHASE...
import { readFileSync } from "node:fs";

const [nativePassed = "0", ...rest] = process.argv.slice(2);
const separator = rest.indexOf("--");
const failedPhases = rest.slice(separator + 1);

let passed = Number(nativePassed);
const failures = [];
for (const file of rest.slice(0, separator)) {
  const results = read(file);
  passed += results.numPassedTests;
  for (const { name, message, assertionResults } of results.testResults) {
    const failed = assertionResults.filter(({ status }) => status === "failed");
    for (const { fullName, failureMessages } of failed) failures.push([`${name}: ${fullName}`, failureMessages[0] ?? ""]);
    if (failed.length === 0 && message) failures.push([name, message]);
  }
}

console.log();
for (const [name, message] of failures) console.log(`FAILED ${name}\n       ${message.trim().split("\n").slice(0, 8).join("\n       ")}`);
for (const phase of failedPhases) console.log(`FAILED ${phase}`);
// A phase of tests fails with its tests; alone it fails by an error outside of them.
const failed = Math.max(failures.length, failedPhases.length);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function read(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    return { numPassedTests: 0, testResults: [{ name: file, message: `no results: ${error.message}`, assertionResults: [] }] };
  }
}
