// What the virtual machine told about its steps, line by line, up to the moment in which it ended.
import { readFileSync } from "node:fs";

/**
 * @param file lines of JSON: `begin` with a step's name, `files` that it will run, a `result` for each, `end` with its status
 * @returns by step: the results, the files without one, and the status, which is missing if it did not end
 */
export function readResults(file) {
  const steps = new Map();
  let step;
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const told = parsed(line);
    if (told?.begin !== undefined) {
      step = { results: [], missing: [], status: undefined };
      steps.set(told.begin, step);
    }
    if (told?.files) step.missing.push(...told.files);
    if (told?.result) {
      step.results.push(told.result);
      step.missing = step.missing.filter((name) => name !== told.result.name);
    }
    if (told?.end !== undefined) step.status = told.end;
  }
  return steps;
}

/** The last line may be half a one. */
function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** A line for each file, the failed tests below it. */
export function summaryOf(name, { results, missing, status }) {
  const lines = results.flatMap(({ name: file, seconds, message, assertionResults }) => {
    const count = (wanted) => assertionResults.filter((test) => test.status === wanted).length;
    const failed = assertionResults.filter((test) => test.status === "failed");
    const errors = failed.map(({ fullName, failureMessages }) => `FAILED ${fullName}\n${indented(failureMessages[0] ?? "")}`);
    if (message) errors.push(`FAILED ${file}\n${indented(message)}`);
    const counts = `${count("passed")} passed, ${failed.length} failed, ${count("pending")} skipped`;
    return [`${file.padEnd(44)} ${counts} (${seconds} s)`, ...errors];
  });
  for (const file of missing) lines.push(`${file.padEnd(44)} did not end`);
  const end = status === undefined ? "did not end" : status === 0 ? "passed" : `failed (${status})`;
  return [`-- ${name} ${end}`, ...lines].join("\n");
}

const indented = (text) =>
  text
    .trim()
    .split("\n")
    .slice(0, 8)
    .map((line) => `       ${line}`)
    .join("\n");
