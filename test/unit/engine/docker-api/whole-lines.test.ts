import { expect, it } from "vitest";
import { wholeLines } from "../../../../src/engine/docker-api/whole-lines.js";
import type { LogRecord } from "../../../../src/engine/engine.js";

async function lines(...parts: readonly (readonly [LogRecord["stream"], string])[]): Promise<string[]> {
  const shown: string[] = [];
  async function* records(): AsyncGenerator<LogRecord> {
    // One buffer for all, as a reader may have it.
    const buffer = Buffer.alloc(32 << 10);
    for (const [index, [stream, text]] of parts.entries()) {
      const length = buffer.write(text);
      yield { stream, data: buffer.subarray(0, length), timeNs: BigInt(index), partial: !text.endsWith("\n") };
    }
  }
  for await (const { stream, data, timeNs, partial } of wholeLines(records()))
    shown.push(`${timeNs} ${stream} ${data.length > 100 ? data.length : data}${partial ? "..." : ""}`);
  return shown;
}

it("tells of a line once it has ended, whatever the other stream says meanwhile", async () => {
  expect(
    await lines(["stdout", "out 1 "], ["stderr", "err 1 "], ["stdout", "out 2\n"], ["stderr", "whole\n"], ["stdout", "next\n"]),
  ).toEqual(["2 stdout out 1 out 2\n", "3 stderr err 1 whole\n", "4 stdout next\n"]);
});

it("tells at the end what has not ended", async () => {
  expect(await lines(["stderr", "a"], ["stdout", "b"], ["stderr", "c"])).toEqual(["2 stderr ac...", "1 stdout b..."]);
});

it("tells of long lines in parts", async () => {
  const long = "x".repeat(10 << 10);
  expect(await lines(["stdout", long], ["stderr", "between\n"], ["stdout", long], ["stdout", "end\n"])).toEqual([
    "1 stderr between\n",
    "2 stdout 20480...",
    "3 stdout end\n",
  ]);
});
