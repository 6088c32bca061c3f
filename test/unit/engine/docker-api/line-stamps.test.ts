import { expect, it } from "vitest";
import { lineStamps } from "../../../../src/engine/docker-api/line-stamps.js";
import type { LogRecord } from "../../../../src/engine/engine.js";

it("has the time in front of each line of either stream, and not within one", () => {
  const record = (stream: LogRecord["stream"], data: string, nanoseconds: number): LogRecord => ({
    ...{ stream, data: Buffer.from(data), partial: !data.endsWith("\n") },
    timeNs: 1_700_000_000_000_000_000n + BigInt(nanoseconds),
  });
  const records = [record("stdout", "be", 1), record("stderr", "oops\n", 2), record("stdout", "gun\n", 3), record("stdout", "next\n", 4)];
  expect(records.map(lineStamps()).map(String)).toEqual([
    "2023-11-14T22:13:20.000000001Z be",
    "2023-11-14T22:13:20.000000002Z oops\n",
    "gun\n",
    "2023-11-14T22:13:20.000000004Z next\n",
  ]);
});
