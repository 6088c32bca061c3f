import { expect, it } from "vitest";
import { describeProcess } from "../../../../../src/engine/builtin/containers/top.js";

const STATUS = "Name:\tx\nUid:\t1000\t1001\t1000\t1000\nVmRSS:\t    1234 kB\nThreads:\t3\nNSpid:\t4711\t12\n";

it("a name may hold brackets and blanks, and a terminal has its own", () => {
  const stat =
    "4711 (a) R (b c) S 4700 4711 4711 34818 4711 4194304 10 0 0 0 250 50 0 0 20 0 3 0 1000 5000000 300 18446744073709551615 0 0";
  expect(describeProcess(4711, { stat, status: STATUS, commandLine: "sh\0-c\0\0x y\0" }, { passwd: [], group: [] }, 1_000_000)).toEqual({
    pid: 4711,
    containerPid: 12,
    parentPid: 4700,
    user: "1001",
    uid: 1001,
    state: "S",
    threads: 3,
    cpuMs: 3000,
    memoryBytes: 1234 * 1024,
    startedAt: new Date(1_010_000),
    tty: "pts/2",
    argv: ["sh", "-c", "", "x y"],
    name: "a) R (b c",
  });
});

it("one that has ended has no command line and no terminal", () => {
  const stat = "9 (sh) Z 1 9 9 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 0 0 0";
  const users = { passwd: [{ name: "app", uid: 1001, gid: 1, home: "/" }], group: [] };
  expect(describeProcess(9, { stat, status: STATUS.replace("NSpid:\t4711\t12\n", ""), commandLine: "" }, users, 0)).toMatchObject({
    argv: [],
    tty: undefined,
    user: "app",
    containerPid: 9,
    state: "Z",
  });
});
