import { expect, it } from "vitest";
import { LogTail } from "../../../../../src/engine/builtin/logs/log-tail.js";

/** `o` and `e` are the streams; what ends with a stop ends a line. */
const PARTS = ["o:one ", "e:first ", "o:more.", "o:two ", "e:again.", "e:third ", "o:last."];

it.each([
  [0, []],
  [1, ["e:third "]],
  [2, ["o:two ", "e:third ", "o:last."]],
  [3, ["e:first ", "o:two ", "e:again.", "e:third ", "o:last."]],
  [4, PARTS],
  [100, PARTS],
])("the last %i lines keep their parts, and leave those of others", (lines, expected) => {
  const tail = new LogTail(lines);
  for (const [index, part] of PARTS.entries())
    tail.add({
      stream: part.startsWith("o") ? "stdout" : "stderr",
      data: Buffer.from(part),
      timeNs: BigInt(index),
      partial: !part.endsWith("."),
    });
  expect(tail.records().map(({ data }) => data.toString())).toEqual(expected);
});
