// The end of `npm test`: every failed test by name with the first lines of its error, the phases that failed, and one closing line of counts.
// Each run of tests gives two files of results: the second is of the files that failed, run once more alone, and is missing if none did.
// usage: node test-summary.mjs NATIVE_PASSED RESULTS.json SECOND.json [...] -- FAILED_PHASE...
import { existsSync, readFileSync } from "node:fs";

const [nativePassed = "0", ...rest] = process.argv.slice(2);
const separator = rest.indexOf("--");
const failedPhases = rest.slice(separator + 1);
const files = rest.slice(0, separator);

let passed = Number(nativePassed);
const failures = [];
console.log();
for (let index = 0; index < files.length; index += 2) {
  const [file, second] = files.slice(index, index + 2);
  const first = read(file);
  const again = existsSync(second) ? read(second) : undefined;
  const repeated = new Set(again?.testResults.map(({ name }) => name));
  const kept = first.testResults.filter(({ name }) => !repeated.has(name));
  for (const result of [...kept, ...(again?.testResults ?? [])]) {
    passed += result.assertionResults.filter(({ status }) => status === "passed").length;
    for (const failure of failuresOf(result)) failures.push(failure);
  }
  for (const result of first.testResults.filter(({ name }) => repeated.has(name))) {
    for (const failure of failuresOf(result)) report("FAILED IN COMPANY", failure);
  }
}

for (const failure of failures) report("FAILED", failure);
for (const phase of failedPhases) console.log(`FAILED ${phase}`);
// A phase of tests fails with its tests; alone it fails by an error outside of them.
const failed = Math.max(failures.length, failedPhases.length);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function failuresOf({ name, message, assertionResults }) {
  const failed = assertionResults.filter(({ status }) => status === "failed");
  if (failed.length === 0 && message) return [[name, message]];
  return failed.map(({ fullName, failureMessages }) => [`${name}: ${fullName}`, failureMessages[0] ?? ""]);
}

function report(what, [name, message]) {
  console.log(`${what} ${name}\n       ${message.trim().split("\n").slice(0, 8).join("\n       ")}`);
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    return { testResults: [{ name: file, message: `no results: ${error.message}`, assertionResults: [] }] };
  }
}
