import { expect, it } from "vitest";
import { processTable } from "../../../../src/engine/docker-api/process-table.js";
import type { ContainerProcess } from "../../../../src/engine/engine.js";

const NOW = new Date(2026, 10, 27, 18, 0, 0);

const SHELL: ContainerProcess = {
  ...{ pid: 41, containerPid: 1, parentPid: 40, user: "app", uid: 1000, state: "S", threads: 2 },
  ...{ cpuMs: 3_723_000, memoryBytes: 4_096_000, startedAt: new Date(2026, 10, 27, 10, 5, 0), tty: "pts/0" },
  ...{ argv: ["sh", "-c", "x y"], name: "sh" },
};
const ENDED: ContainerProcess = {
  ...SHELL,
  ...{ pid: 42, state: "Z", cpuMs: 0, startedAt: new Date(2026, 10, 20, 10, 5, 0), tty: undefined, argv: [], name: "gone" },
};

/** Of the host. */
const MEMORY = 400_000 * 1024;

function shown(...options: string[]): string[] {
  const { titles, rows } = processTable([SHELL, ENDED], options, MEMORY, NOW);
  return [titles, ...rows].map((cells) => cells.join(" "));
}

it("lists all of it unless told otherwise", () => {
  const full = ["UID PID PPID C STIME TTY TIME CMD", "app 41 40 13 10:05 pts/0 01:02:03 sh -c x y", "app 42 40 0 Nov20 ? 00:00:00 [gone]"];
  for (const options of [[], ["-ef"], ["-f"]]) expect(shown(...options)).toEqual(full);
});

it("knows the layouts of BSD and of little", () => {
  expect(shown("aux").slice(0, 2)).toEqual([
    "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND",
    "app 41 13.1 1.0 - 4000 pts/0 S 10:05 62:03 sh -c x y",
  ]);
  expect(shown("ax")[1]).toBe("41 pts/0 S 62:03 sh -c x y");
  expect(shown("-e").slice(0, 2)).toEqual(["PID TTY TIME CMD", "41 pts/0 01:02:03 sh"]);
});

it.each([
  [["-o", "pid,cmd"], "PID CMD", "41 sh -c x y"],
  [["-eo", "pid,comm"], "PID COMMAND", "41 sh"],
  [["-opid", "-o", "user,uid"], "PID USER UID", "41 app 1000"],
  [["o", "pid,etime,etimes,nlwp"], "PID ELAPSED ELAPSED NLWP", "41 07:55:00 28500 2"],
  [["-A", "-o", "pid,pcpu,rss", "--sort", "pid"], "PID %CPU RSS", "41 13.1 4000"],
  [["--format=pid,args=What it is"], "PID What it is", "41 sh -c x y"],
])("chooses columns with %j", (options, titles, row) => {
  expect(shown(...options).slice(0, 2)).toEqual([titles, row]);
});

it("counts days of those that run for long", () => {
  expect(processTable([ENDED], ["-o", "pid,etime"], MEMORY, NOW).rows).toEqual([["42", "07-07:55:00"]]);
  const old = { ...ENDED, startedAt: new Date(2024, 1, 1) };
  expect(processTable([old], ["-o", "pid,stime"], MEMORY, NOW).rows).toEqual([["42", "2024"]]);
});

it.each([["-o", "comm"], ["-o", "pid=Number"], ["-o", "pid,nonsense"], ["-o"], ["-Z"], ["--nonsense"], ["aux", "more"]])(
  "refuses %s %s",
  (...options) => {
    expect(() => processTable([SHELL], options.filter(Boolean), MEMORY, NOW)).toThrow(/^Expected `ps` to be /);
  },
);
