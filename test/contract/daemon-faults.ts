/**
 * What daemons do wrong, by the tests of the contract that show it. Each of these tests is run and must fail: one that passes fails the
 * run, so does a name that no test has. What an engine can't do at all is no fault: it says so in `supports`.
 */
import type { RunnerTask, RunnerTestFile } from "vitest";
import type { Candidate } from "./engines.js";

export interface DaemonFault {
  /** Of the candidates, by name. */
  readonly engines: readonly string[];
  readonly file: string;
  /** Names of suites and test, without that of the engine. */
  readonly test: string;
  readonly fault: string;
}

export const DAEMON_FAULTS: readonly DaemonFault[] = [];

const SEPARATOR = " > ";

export function faultOf({ name }: Candidate, task: RunnerTask): DaemonFault | undefined {
  const test = nameBelowEngine(task);
  return DAEMON_FAULTS.find((fault) => fault.engines.includes(name) && task.file.name.endsWith(`/${fault.file}`) && fault.test === test);
}

/** Listed for this file and engine, but no test of the suite. */
export function faultsOfNoTest({ name }: Candidate, file: RunnerTestFile): readonly string[] {
  const names = new Set(testsOf(file).map(nameBelowEngine));
  return DAEMON_FAULTS.filter(
    (fault) => fault.engines.includes(name) && file.name.endsWith(`/${fault.file}`) && !names.has(fault.test),
  ).map(({ test }) => test);
}

function testsOf(task: RunnerTask): readonly RunnerTask[] {
  return task.type === "suite" ? task.tasks.flatMap(testsOf) : [task];
}

/** The suite of an engine is the topmost of its file. */
function nameBelowEngine(task: RunnerTask): string {
  const names: string[] = [];
  for (let each: RunnerTask | undefined = task; each?.suite; each = each.suite) names.unshift(each.name);
  return names.join(SEPARATOR);
}
